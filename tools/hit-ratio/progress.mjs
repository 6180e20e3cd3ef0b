import cliProgress from 'cli-progress';

/** Shows how far it is: a bar on a terminal, else a line for each simulation that is done. */
export function startProgress(stream, name, requests) {
  if (!stream.isTTY) {
    return {
      advance() {},
      finished: (what) => stream.write(`${name}: ${what}\n`),
      stop() {},
    };
  }
  const format = `${name} {bar} {percentage} % · {what} · {eta_formatted} left`;
  const bar = new cliProgress.SingleBar(
    { stream, format, clearOnComplete: true, hideCursor: true },
    cliProgress.Presets.shades_classic,
  );
  bar.start(requests, 0, { what: '' });
  return {
    advance: (done) => bar.increment(done),
    finished: (what) => bar.update({ what }),
    stop: () => bar.stop(),
  };
}

/** Tells on stderr how far the run is and how long it will take. */
export class Progress {
  done = 0;
  startedAt = performance.now();

  constructor(total) {
    this.total = total;
  }

  step(text) {
    this.done++;
    const elapsed = (performance.now() - this.startedAt) / 1_000;
    const left = (elapsed / this.done) * (this.total - this.done);
    const line = `${String(this.done).padStart(String(this.total).length)}/${this.total}  ${text}  (${minutes(left)} left)`;
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}${this.done === this.total ? '\n' : ''}`);
    else process.stderr.write(`${line}\n`);
  }
}

export function minutes(seconds) {
  return seconds < 60 ? `${Math.round(seconds)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

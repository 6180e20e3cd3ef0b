import { readFileSync } from 'node:fs';

const SCHEDSTAT = '/proc/thread-self/schedstat';

/**
 * Nanoseconds that the main thread has run. Other processes do not add to it, as they do to wall time. Where the system
 * does not tell it by thread, the whole process's, which with one garbage collection thread is nearly the same.
 */
const readCpu = schedstatIsReadable() ? readThread : readProcess;

export const cpuSource = readCpu === readThread ? `main thread (${SCHEDSTAT})` : 'process (process.cpuUsage)';

/** Starts measuring; the returned function ends it and tells the nanoseconds of CPU and of wall time since. */
export function startStopwatch() {
  const wallAtStart = process.hrtime.bigint();
  const cpuAtStart = readCpu();
  return () => ({ cpuNs: readCpu() - cpuAtStart, wallNs: Number(process.hrtime.bigint() - wallAtStart) });
}

function readThread() {
  return Number(readFileSync(SCHEDSTAT, 'latin1').split(' ', 1)[0]);
}

function readProcess() {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1_000;
}

function schedstatIsReadable() {
  try {
    return readThread() > 0;
  } catch {
    return false;
  }
}

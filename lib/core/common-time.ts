import { systemClock, type Clock } from './clock.js';

const ATTEMPTS = 5;

/**
 * What to add to `clock.now()` so that all threads of this process count from one instant. The system's clock begins in
 * each thread when that thread does; a clock that was handed in is taken to be the same one everywhere.
 */
export function commonOffsetMs(clock: Clock): number {
  if (clock !== systemClock) return 0;
  let offsetMs = 0;
  let closestMs = Infinity;
  // The thread may be interrupted between two readings; the closest pair counts.
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const beforeMs = performance.now();
    const [seconds, nanoseconds] = process.hrtime();
    const tookMs = performance.now() - beforeMs;
    if (tookMs >= closestMs) continue;
    closestMs = tookMs;
    offsetMs = seconds * 1_000 + nanoseconds / 1_000_000 - beforeMs;
  }
  return offsetMs;
}

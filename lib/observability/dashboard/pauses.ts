import type { Clock } from '../../core/index.js';

/** How long a search keeps the event loop to itself. */
const SLICE_MS = 5;
/** Reading the time costs as much as looking at a key. */
const STEPS_BETWEEN_LOOKS = 64;

/** To be called at each step of a long task, and awaited where it returns a promise: then it is the turn of others. */
export type Pause = () => Promise<void> | undefined;

/** Made for one task. */
export function pauses(clock: Clock): Pause {
  let steps = 0;
  let sinceMs = clock.now();
  return () => {
    if (++steps % STEPS_BETWEEN_LOOKS !== 0 || clock.now() - sinceMs < SLICE_MS) return undefined;
    return new Promise<void>((resolve) => {
      clock.after(0, () => {
        sinceMs = clock.now();
        resolve();
      });
    });
  };
}

import type { FakeClock } from '../../../lib/testing/index.js';
import { settled } from './deferred.js';

/** Lets everything run that needs no time: promises, and what comes with the turns of the event loop. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate);
  await settled();
}

/** Lets time pass in small steps, and after each of them whatever is due. */
export async function pass(clock: FakeClock, ms: number, step = 10): Promise<void> {
  for (let passed = 0; passed < ms; passed += step) {
    clock.advance(step);
    await turns();
  }
}

/** A promise of which is known whether it has settled. */
export function watched<T>(promise: Promise<T>): { readonly promise: Promise<T>; readonly isSettled: () => boolean } {
  let isSettled = false;
  const settle = (): void => void (isSettled = true);
  promise.then(settle, settle);
  return { promise, isSettled: () => isSettled };
}

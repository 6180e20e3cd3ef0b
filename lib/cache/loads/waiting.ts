import { setMaxListeners } from 'node:events';
import { CacheLoadTimeoutError, type Cancel } from '../../core/index.js';
import { Company, type Flight } from '../../resilience/index.js';
import type { CacheParts } from '../parts/cache-parts.js';
import type { CallSettings } from '../settings/call-settings.js';

/** What a caller gets instead of a load's result that fails or is late; `undefined` when nothing can stand in. */
export type StandIn<V> = (reason: unknown) => { readonly value: V } | undefined;

/**
 * One caller's wait for a flight: until its result, its own abort, `loadTimeout.soft` where something stale can be had,
 * or `loadTimeout.hard`. Whatever ends the wait, the flight goes on for the others. Who is rejected has left it; who got
 * something stale has not, since the load is what will replace it.
 */
export function waitFor<K, V>(
  { clock, name }: Pick<CacheParts<K, V>, 'clock' | 'name'>,
  flight: Flight<K, V>,
  result: Promise<V>,
  { signal, softMs, hardMs }: CallSettings,
  standIn: StandIn<V> | undefined,
): Promise<V> {
  flight.enter();
  if (signal === undefined && standIn === undefined) {
    if (hardMs === Infinity) return result;
    if (result === flight.promise) return Company.promiseOf(flight, hardMs, clock, name);
  }

  return new Promise<V>((resolve, reject) => {
    let isOver = false;
    const over = (): boolean => {
      if (isOver) return false;
      isOver = true;
      cancelTimer?.();
      signal?.removeEventListener('abort', abort);
      return true;
    };
    const settle = (error: unknown): void => {
      const stale = standIn?.(error);
      if (stale === undefined) reject(error);
      else resolve(stale.value);
    };
    const giveUp = (reason: unknown): void => {
      if (!over()) return;
      reject(reason);
      flight.leave();
    };
    const abort = (): void => giveUp(signal?.reason);
    const serveStale = (): boolean => {
      const stale = standIn?.(undefined);
      if (stale !== undefined && over()) resolve(stale.value);
      return stale !== undefined;
    };
    const passHard = (): void => {
      if (!serveStale()) giveUp(new CacheLoadTimeoutError(name, flight.key, hardMs));
    };
    const passSoft = (): void => {
      // What could have stood in may have been invalidated meanwhile: then the hard limit remains.
      if (!serveStale() && hardMs !== Infinity) cancelTimer = clock.after(hardMs - softMs, passHard);
    };
    let cancelTimer: Cancel | undefined;
    if (standIn !== undefined && softMs < hardMs) cancelTimer = clock.after(softMs, passSoft);
    else if (hardMs !== Infinity) cancelTimer = clock.after(hardMs, passHard);
    // Many calls may share the signal of one request; each listener leaves with its call.
    if (signal !== undefined) setMaxListeners(0, signal);
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted === true) abort();
    result.then(
      (value) => {
        if (over()) resolve(value);
      },
      (error: unknown) => {
        if (over()) settle(error);
      },
    );
  });
}

import { CacheMisuseError, show } from '../../core/index.js';

/** The weight of an entry, in any unit: a finite number, 0 or more. Called once per write, before anything changes. */
export type Weigher<V = unknown, K = unknown> = (value: V, key: K) => number;

/** Weighs an entry; a weigher that answers anything but a weight is reported instead of believed. */
export function weigh<K, V>(weigher: Weigher<V, K>, key: K, value: V): number {
  return checkedWeight(weigher(value, key), () => `weigher ${weigher.name || '(anonymous)'}`, key);
}

/** Returns a number that is a weight, and throws for all else. */
export function checkedWeight(weight: unknown, source: () => string, key: unknown): number {
  if (typeof weight === 'number' && weight >= 0 && weight < Infinity) return weight;
  throw new CacheMisuseError(
    `${source()} gave ${show(weight)} as the weight of ${show(key)}; it must be a finite number, 0 or more`,
  );
}

import { CacheMisuseError } from '../../core/index.js';

/** How many values of a sequence a method's own cache keeps, where `maxItems` does not say otherwise. */
export const DEFAULT_MAX_ITEMS = 10_000;

/**
 * How the values that an Observable or AsyncIterable emits become one stored value, and back. A named cache keeps the
 * only value, for its type is that value's; a method's own cache keeps all of them.
 */
export interface SequenceForm {
  /** More values than this, and nothing is stored. */
  readonly limit: number;
  /** The value to store; `undefined` stores nothing. */
  pack(values: readonly unknown[]): unknown;
  /** The values that a stored one stands for. */
  unpack(stored: unknown): readonly unknown[];
  /** What went wrong when there were more than `limit` values. */
  overflow(label: string): CacheMisuseError;
}

/** A named cache's. */
export const ONLY_VALUE: SequenceForm = {
  limit: 1,
  pack: (values) => values[0],
  unpack: (stored) => (stored === undefined ? [] : [stored]),
  overflow: (label) =>
    new CacheMisuseError(
      `${label} emitted a second value, and a named cache keeps exactly one; nothing was stored. ` +
        `Reduce it to one value (toArray()), or name no cache: a method's own cache keeps the whole sequence`,
    ),
};

/** A method's own cache's: all values, up to `maxItems`. */
export function wholeSequence(maxItems: number): SequenceForm {
  return {
    limit: maxItems,
    pack: (values) => values,
    // A cache of the method's own holds what `pack` made of it.
    unpack: (stored) => (stored ?? []) as readonly unknown[],
    overflow: (label) =>
      new CacheMisuseError(
        `${label} emitted more than ${maxItems} values; nothing was stored. Raise maxItems, or do not cache it`,
      ),
  };
}

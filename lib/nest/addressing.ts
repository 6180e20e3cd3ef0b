import { CacheMisuseError } from '../core/index.js';
import type { IndexedCache, MethodKeyCodec } from '../cache/index.js';
import type { UserFunction } from './operation.js';

/** The arguments of one call. */
export type Arguments = readonly unknown[];

/** Where a value stands. The key is left out where the index gives it back. */
export interface Address {
  readonly index: unknown;
  readonly key: unknown;
}

/** How the arguments of a call become the place of its value, in two steps so that a hit allocates nothing. */
export interface Addressing {
  /** The key; throws where there is none. */
  keyOf(args: Arguments): unknown;
  indexOf(key: unknown): unknown;
  /** Whether the cache needs the key beside the index. */
  readonly needsKey: boolean;
}

export function addressOf(addressing: Addressing, args: Arguments): Address {
  const key = addressing.keyOf(args);
  return { index: addressing.indexOf(key), key: addressing.needsKey ? key : undefined };
}

/** A named cache: by the user's key, else by the text `Class.method(args)`. */
export function namedAddressing(
  label: string,
  cache: IndexedCache<unknown, unknown>,
  key: UserFunction<unknown> | undefined,
  defaultKeys: MethodKeyCodec,
): Addressing {
  const { codec } = cache;
  return {
    keyOf:
      key === undefined
        ? (args) => defaultKeys.text(defaultKeys.indexOf(args))
        : (args) => requireKey(label, key(...args)),
    indexOf: (given) => codec.index(given),
    needsKey: true,
  };
}

/** A method's own cache: by the arguments themselves, else by the user's key as if it were the only argument. */
export function ownAddressing(label: string, keys: MethodKeyCodec, key: UserFunction<unknown> | undefined): Addressing {
  if (key !== undefined) {
    return {
      keyOf: (args) => requireKey(label, key(...args)),
      indexOf: (given) => keys.indexOf([given]),
      needsKey: false,
    };
  }
  return {
    keyOf: (args) => args,
    // The key is the list of arguments: the line above.
    indexOf: (args) => keys.indexOf(args as Arguments),
    needsKey: false,
  };
}

/** A key of null or undefined is a mistake, never the key "undefined". */
export function requireKey(label: string, key: unknown): unknown {
  if (key !== undefined && key !== null) return key;
  throw new CacheMisuseError(
    `${label}: the key is ${String(key)}, so the method did not run; ` +
      `return a key for every call, or leave calls without one out with condition`,
  );
}

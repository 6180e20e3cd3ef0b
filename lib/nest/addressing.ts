import { CacheMisuseError } from '../core/index.js';
import type { IndexedCache, KeyCodec, MethodKeyCodec } from '../cache/index.js';
import type { UserFunction } from './operation.js';

/** The arguments of one call. */
export type Arguments = readonly unknown[];

/** Where a value stands. The key is left out where the index gives it back. */
export interface Address {
  readonly index: unknown;
  readonly key: unknown;
}

/**
 * How the arguments of a call become the place of its value, in two steps so that a hit allocates nothing. Calls with one
 * and two arguments have ways of their own, so that not even a list of them is needed.
 */
export interface Addressing {
  /** The key; throws where there is none. */
  keyOf(args: Arguments): unknown;
  keyOfOne(first: unknown): unknown;
  keyOfTwo(first: unknown, second: unknown): unknown;
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
  return key === undefined
    ? new AddressingByText(cache.codec, defaultKeys)
    : new AddressingByKey(label, cache.codec, key);
}

/** A method's own cache: by the arguments themselves, else by the user's key as if it were the only argument. */
export function ownAddressing(label: string, keys: MethodKeyCodec, key: UserFunction<unknown> | undefined): Addressing {
  return key === undefined ? new AddressingByArguments(keys) : new AddressingByOnlyArgument(label, keys, key);
}

class AddressingByKey implements Addressing {
  readonly needsKey = true;

  constructor(
    private readonly label: string,
    private readonly codec: KeyCodec<unknown>,
    private readonly key: UserFunction<unknown>,
  ) {}

  keyOf(args: Arguments): unknown {
    const { label, key } = this;
    return requireKey(label, key(...args));
  }

  keyOfOne(first: unknown): unknown {
    const { label, key } = this;
    return requireKey(label, key(first));
  }

  keyOfTwo(first: unknown, second: unknown): unknown {
    const { label, key } = this;
    return requireKey(label, key(first, second));
  }

  indexOf(key: unknown): unknown {
    return this.codec.index(key);
  }
}

class AddressingByText implements Addressing {
  readonly needsKey = true;

  constructor(
    private readonly codec: KeyCodec<unknown>,
    private readonly keys: MethodKeyCodec,
  ) {}

  keyOf(args: Arguments): unknown {
    return this.keys.text(this.keys.indexOf(args));
  }

  keyOfOne(first: unknown): unknown {
    return this.keyOf([first]);
  }

  keyOfTwo(first: unknown, second: unknown): unknown {
    return this.keyOf([first, second]);
  }

  indexOf(key: unknown): unknown {
    return this.codec.index(key);
  }
}

/** What is the key here is the index already: nothing else is needed of it. */
export class AddressingByArguments implements Addressing {
  readonly needsKey = false;

  constructor(readonly keys: MethodKeyCodec) {}

  keyOf(args: Arguments): unknown {
    return this.keys.indexOf(args);
  }

  keyOfOne(first: unknown): unknown {
    return this.keys.indexOf([first]);
  }

  keyOfTwo(first: unknown, second: unknown): unknown {
    return this.keys.indexOf([first, second]);
  }

  indexOf(key: unknown): unknown {
    return key;
  }
}

class AddressingByOnlyArgument implements Addressing {
  readonly needsKey = false;

  constructor(
    private readonly label: string,
    private readonly keys: MethodKeyCodec,
    private readonly key: UserFunction<unknown>,
  ) {}

  keyOf(args: Arguments): unknown {
    const { label, key } = this;
    return requireKey(label, key(...args));
  }

  keyOfOne(first: unknown): unknown {
    const { label, key } = this;
    return requireKey(label, key(first));
  }

  keyOfTwo(first: unknown, second: unknown): unknown {
    const { label, key } = this;
    return requireKey(label, key(first, second));
  }

  indexOf(key: unknown): unknown {
    return this.keys.indexOf([key]);
  }
}

/** A key of null or undefined is a mistake, never the key "undefined". */
export function requireKey(label: string, key: unknown): unknown {
  if (key !== undefined && key !== null) return key;
  throw new CacheMisuseError(
    `${label}: the key is ${String(key)}, so the method did not run; ` +
      `return a key for every call, or leave calls without one out with condition`,
  );
}

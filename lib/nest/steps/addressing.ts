import { CacheMisuseError } from '../../core/index.js';
import type { IndexedCache, KeyCodec, MethodKeyCodec } from '../../cache/index.js';
import type { UserFunction } from '../operations/operation.js';

/** The arguments of one call. */
export type Arguments = readonly unknown[];

/** Where a value stands. The key is left out where the index gives it back. */
export interface Address {
  readonly index: unknown;
  readonly key: unknown;
}

/** How the arguments of a call become the place of its value, in two steps so that a hit allocates nothing. */
export interface Addressing {
  /** What makes the key of the arguments, where the user said that. */
  readonly key?: UserFunction<unknown>;
  /** The key; `undefined` or `null` where there is none. */
  keyOf(args: Arguments): unknown;
  /** Throws where there is no key. A key for which `isOwnIndex` holds is its own index. */
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
    ? new AddressingByText(label, cache.codec, defaultKeys)
    : new AddressingByKey(label, cache.codec, key);
}

/** A method's own cache: by the arguments themselves, else by the user's key as if it were the only argument. */
export function ownAddressing(label: string, keys: MethodKeyCodec, key: UserFunction<unknown> | undefined): Addressing {
  return key === undefined ? new AddressingByArguments(label, keys) : new AddressingByOnlyArgument(label, keys, key);
}

class AddressingByKey implements Addressing {
  readonly needsKey = true;

  constructor(
    private readonly label: string,
    private readonly codec: KeyCodec<unknown>,
    readonly key: UserFunction<unknown>,
  ) {}

  keyOf(args: Arguments): unknown {
    const { key } = this;
    return key(...args);
  }

  indexOf(key: unknown): unknown {
    requireKey(this.label, key);
    try {
      return this.codec.index(key);
    } catch (error) {
      throw unusableKey(this.label, error);
    }
  }
}

class AddressingByText implements Addressing {
  readonly needsKey = true;

  constructor(
    private readonly label: string,
    private readonly codec: KeyCodec<unknown>,
    private readonly keys: MethodKeyCodec,
  ) {}

  keyOf(args: Arguments): unknown {
    return this.keys.text(indexOfArguments(this.label, this.keys, args));
  }

  indexOf(key: unknown): unknown {
    return this.codec.index(key);
  }
}

/** What is the key here is the index already: nothing else is needed of it. */
export class AddressingByArguments implements Addressing {
  readonly needsKey = false;

  constructor(
    private readonly label: string,
    readonly keys: MethodKeyCodec,
  ) {}

  keyOf(args: Arguments): unknown {
    return indexOfArguments(this.label, this.keys, args);
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
    readonly key: UserFunction<unknown>,
  ) {}

  keyOf(args: Arguments): unknown {
    const { key } = this;
    return key(...args);
  }

  indexOf(key: unknown): unknown {
    requireKey(this.label, key);
    try {
      return this.keys.indexOf([key]);
    } catch (error) {
      throw unusableKey(this.label, error);
    }
  }
}

function indexOfArguments(label: string, keys: MethodKeyCodec, args: Arguments): unknown {
  try {
    return keys.indexOf(args);
  } catch (error) {
    if (!(error instanceof CacheMisuseError)) throw error;
    throw new CacheMisuseError(`${label}: ${error.message}, by the option key; the method did not run`, {
      cause: error,
    });
  }
}

/** What the user's key function returned cannot be a key: says of which method. */
function unusableKey(label: string, error: unknown): unknown {
  if (!(error instanceof CacheMisuseError)) return error;
  return new CacheMisuseError(
    `${label}: what its option key returned cannot be a key: ${error.message}; the method did not run`,
    {
      cause: error,
    },
  );
}

/** A key of null or undefined is a mistake, never the key "undefined". */
export function requireKey(label: string, key: unknown): unknown {
  if (key === undefined || key === null) throw missingKey(label, key);
  return key;
}

function missingKey(label: string, key: unknown): CacheMisuseError {
  return new CacheMisuseError(
    `${label}: the key is ${String(key)}, so the method did not run; ` +
      `return a key for every call, or leave calls without one out with condition`,
  );
}

const BRAND = Symbol.for('nestjs-strata:error');

export type CacheErrorCode =
  | 'CACHE_OPTIONS'
  | 'CACHE_MISUSE'
  | 'CACHE_REENTRANCY'
  | 'CACHE_SNAPSHOT'
  | 'CACHE_LOAD_FAILED'
  | 'CACHE_LOAD_TIMEOUT'
  | 'CACHE_NO_LOADER'
  | 'CACHE_CLOSED'
  | 'CACHE_CODEC'
  | 'CACHE_ENTRY_TOO_LARGE'
  | 'CACHE_TIER'
  | 'CACHE_TIER_REPLY'
  | 'CACHE_TIER_TIMEOUT'
  | 'CACHE_TIER_UNAVAILABLE'
  | 'CACHE_UNKNOWN'
  | 'CACHE_UNUSABLE_ENTRY';

/** Whatever this package throws of its own. Tell errors apart by `code`: it is stable, and the same in every copy. */
export abstract class CacheError extends Error {
  abstract readonly code: CacheErrorCode;
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }

  /** @internal On the prototype, where it does not show when an error is printed. */
  get [BRAND](): true {
    return true;
  }
}

/** One rule that an option broke. */
export interface OptionProblem {
  readonly option: string;
  readonly rule: string;
  readonly received: unknown;
}

/** Options that cannot be used. Thrown where they are given, with every problem in one error. */
export class CacheOptionsError extends CacheError {
  readonly code = 'CACHE_OPTIONS';

  constructor(
    readonly subject: string,
    readonly problems: readonly OptionProblem[],
  ) {
    super(`${subject}: ${problems.map(describe).join('; ')}`);
  }
}

/** Our interface used in a way that cannot work; the message names the place and the way out. */
export class CacheMisuseError extends CacheError {
  readonly code = 'CACHE_MISUSE';
}

/** A loader that, through any depth of calls, waits for its own result. Reported instead of a deadlock. */
export class CacheReentrancyError extends CacheError {
  readonly code = 'CACHE_REENTRANCY';

  constructor(
    readonly cache: string,
    readonly key: unknown,
  ) {
    super(
      `the loader of ${show(key)} in cache "${cache}" waits for its own result; ` +
        `call the source directly inside the loader, or load under another key`,
    );
  }
}

/** A loader said by `load.fail()` that it has no value to give. */
export class CacheLoadFailedError extends CacheError {
  readonly code = 'CACHE_LOAD_FAILED';

  constructor(
    readonly cache: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A caller waited for a load for as long as `loadTimeout.hard` allows. The load goes on. */
export class CacheLoadTimeoutError extends CacheError {
  readonly code = 'CACHE_LOAD_TIMEOUT';

  constructor(
    readonly cache: string,
    readonly key: unknown,
    readonly timeoutMs: number,
  ) {
    super(
      `the load of ${show(key)} in cache "${cache}" did not end within ${timeoutMs} ms; it goes on, and its result will be ` +
        `stored; raise loadTimeout.hard, or give staleIfError so that a stale value can stand in`,
    );
  }
}

/** `getOrLoad` or `refresh` of a cache that has no loader, without one in the call. */
export class CacheNoLoaderError extends CacheError {
  readonly code = 'CACHE_NO_LOADER';

  constructor(readonly cache: string) {
    super(`cache "${cache}" has no loader; give one to the call, or to defineCache('${cache}', { loader })`);
  }
}

/** A call after the cache was closed: its application has shut down. */
export class CacheClosedError extends CacheError {
  readonly code = 'CACHE_CLOSED';

  constructor(readonly cache: string) {
    super(`cache "${cache}" is closed: its application has shut down; stop calling it before app.close()`);
  }
}

/** A tier could not do what was asked, and the cache has `onTierError: 'throw'`. */
export class CacheTierError extends CacheError {
  readonly code = 'CACHE_TIER';

  constructor(
    readonly tier: string,
    readonly operation: string,
    cause: unknown,
  ) {
    super(`tier "${tier}" failed to ${operation}; with onTierError: 'recover' the call goes on without it`, { cause });
  }
}

/** An entry with more bytes than a tier takes: it is kept in the other tiers alone. */
export class CacheEntryTooLargeError extends CacheError {
  readonly code = 'CACHE_ENTRY_TOO_LARGE';

  constructor(
    readonly tier: string,
    readonly key: string,
    readonly bytes: number,
    readonly maxBytes: number,
  ) {
    super(`the entry of ${show(key)} has ${bytes} bytes, and tier "${tier}" takes ${maxBytes}; it is not stored there`);
  }
}

/** An entry of a tier that cannot be used: foreign, damaged, newer, or of another key. It counts as missing. */
export class CacheUnusableEntryError extends CacheError {
  readonly code = 'CACHE_UNUSABLE_ENTRY';

  constructor(
    readonly tier: string,
    readonly key: string,
    reason: string,
  ) {
    super(`the entry of ${show(key)} in tier "${tier}" is not used: ${reason}`);
  }
}

/**
 * Why a snapshot is not restored. `missing`: there is no such file. `foreign`: not a snapshot, or one of another cache or
 * serializer. `newer`: of a format that this version does not know. `truncated`: its end is missing. `damaged`: not the
 * bytes that were written.
 */
export type SnapshotFailure = 'missing' | 'foreign' | 'newer' | 'truncated' | 'damaged';

/** A snapshot that cannot be restored. The cache is as it was. */
export class CacheSnapshotError extends CacheError {
  readonly code = 'CACHE_SNAPSHOT';

  constructor(
    readonly cache: string,
    readonly failure: SnapshotFailure,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`cache "${cache}" restored nothing: ${reason}`, options);
  }
}

/** A cache asked for by a name that nothing defined. */
export class CacheUnknownError extends CacheError {
  readonly code = 'CACHE_UNKNOWN';

  constructor(
    readonly cache: string,
    known: readonly string[],
    askedBy = 'the cache registry',
  ) {
    super(
      `${askedBy} asks for cache "${cache}", which is defined nowhere; ` +
        `add its definition to CacheModule.forRoot({ caches: [...] }) or forFeature([...]). ` +
        `Known caches: ${known.length === 0 ? 'none' : known.map((name) => `"${name}"`).join(', ')}`,
    );
  }
}

/** Whether an error came from this package, whichever copy of it; with `code`, whether it is that one. */
export function isCacheError(error: unknown, code?: CacheErrorCode): error is CacheError {
  if (typeof error !== 'object' || error === null || !(BRAND in error)) return false;
  return code === undefined || (error as CacheError).code === code;
}

/** A value as it can stand in a message: short, on one line, and never throwing. */
export function show(value: unknown): string {
  try {
    if (typeof value === 'string') return onOneLine(JSON.stringify(clipped(value)));
    if (typeof value === 'function') return onOneLine(`function ${clipped(String(value.name)) || '(anonymous)'}`);
    if (typeof value === 'bigint') return `${clipped(String(value))}n`;
    if (typeof value !== 'object' || value === null) return onOneLine(clipped(String(value)));
    if (Array.isArray(value)) return `an array of ${value.length}`;
    const name: unknown = value.constructor?.name;
    return onOneLine(`an object (${typeof name === 'string' ? clipped(name) : 'Object'})`);
  } catch {
    return 'a value that cannot be shown';
  }
}

function clipped(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function onOneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, ' ');
}

function describe({ option, rule, received }: OptionProblem): string {
  return `${option} ${rule} (received ${show(received)})`;
}

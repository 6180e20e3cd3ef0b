import { OptionProblems, systemClock, type Clock, type Duration } from '../../core/index.js';
import { Entries } from './entries.js';
import { RecordName, SpaceName } from './record-name.js';
import { RecordTable } from './record-table.js';
import { ENTRY } from './slots.js';
import { ThreadClock } from './thread-clock.js';
import { attach, type ThreadsMemory } from './threads-memory.js';

/** How a {@link ThreadsStore} is made. */
export interface ThreadsStoreOptions {
  /** What `threadsMemory()` has returned. @defaultValue what the thread that started this one, or this one, has shared with `shareMemory()` */
  readonly memory?: ThreadsMemory;
  /** Stores of other spaces, and the caches of an app, have other entries. @defaultValue 'store' */
  readonly space?: string;
  /** How long an entry lives that is put without a ttl. @defaultValue Infinity: until there is no room */
  readonly ttl?: Duration;
  /** The time source, for tests: the same one for all stores of a memory. @defaultValue the system's */
  readonly clock?: Clock;
}

/** How long one entry lives. */
export interface ThreadsEntryOptions {
  /** From its write. @defaultValue that of the store */
  readonly ttl?: Duration;
}

/**
 * Bytes under keys in memory that the threads of this process share, without promises: what `threadsTier` is made of, for
 * values that are bytes already. Each call is done when it returns.
 */
export class ThreadsStore {
  /** The most bytes of one value. */
  readonly maxEntryBytes: number;
  private readonly entries: Entries;
  private readonly table: RecordTable;
  private readonly space: SpaceName;
  private readonly ttlMs: number;
  private readonly clock: ThreadClock;
  private readonly bucketCount: number;

  constructor(options: ThreadsStoreOptions = {}) {
    const problems = new OptionProblems('ThreadsStore');
    problems.requireObject('options', options);
    problems.refuseUnknown(options, ['memory', 'space', 'ttl', 'clock']);
    const { memory, space = 'store', clock = systemClock } = options;
    problems.require(
      typeof space === 'string' && space.length <= 256,
      'space',
      'must be a text of up to 256 characters',
      space,
    );
    this.ttlMs = problems.duration('ttl', options.ttl, Infinity);
    problems.require(this.ttlMs > 0, 'ttl', 'must be above 0', options.ttl);
    problems.throwIfAny();
    const { words, geometry, seed, maxEntryBytes } = attach(memory);
    this.maxEntryBytes = maxEntryBytes;
    this.bucketCount = geometry.bucketCount;
    this.table = new RecordTable(words, geometry);
    this.entries = new Entries(this.table);
    this.space = new SpaceName(space, seed);
    this.clock = new ThreadClock(clock);
  }

  /** A copy of the bytes under a key. */
  get(key: string): Uint8Array | undefined {
    // Its end is compared here, where a far one costs no reading of the clock.
    const bytes = this.table.value(ENTRY, this.named(key), -Infinity);
    return bytes === undefined || this.clock.hasCome(this.table.expiresAtMs) ? undefined : bytes;
  }

  /** Copies the bytes under a key to the beginning of `target`, as many as fit. How many there are, or -1 for none. */
  copyTo(key: string, target: Uint8Array): number {
    const bytes = this.table.copyTo(ENTRY, this.named(key), -Infinity, target);
    return bytes === -1 || this.clock.hasCome(this.table.expiresAtMs) ? -1 : bytes;
  }

  /** Whether `get` would find something. It does not count as reading it. */
  has(key: string): boolean {
    return this.table.has(ENTRY, this.named(key), this.clock.nowMs());
  }

  /** Keeps a copy of these bytes, until their time ends or there is no room. `false` when they are too many. */
  put(key: string, bytes: Uint8Array, options?: ThreadsEntryOptions): boolean {
    if (bytes.length > this.maxEntryBytes) {
      this.invalidate(key);
      return false;
    }
    const ttlMs = options?.ttl === undefined ? this.ttlMs : ttlOf(options.ttl);
    return this.entries.write(this.named(key), bytes, ttlMs, undefined, this.clock.nowMs());
  }

  /** From here on no thread finds it. */
  invalidate(key: string): void {
    this.entries.remove(this.named(key), this.clock.nowMs());
  }

  /** The keys that are there: each that is there all the while, once. */
  *keys(): IterableIterator<string> {
    for (let bucket = 0; bucket < this.bucketCount; bucket++) {
      yield* this.table.keysOf(this.space, [ENTRY], bucket, bucket + 1, this.clock.nowMs());
    }
  }

  private named(key: string): RecordName {
    return new RecordName(this.space, key);
  }
}

function ttlOf(given: Duration): number {
  const problems = new OptionProblems('ThreadsStore.put()');
  const ttlMs = problems.duration('ttl', given, Infinity);
  problems.require(ttlMs > 0, 'ttl', 'must be above 0', given);
  problems.throwIfAny();
  return ttlMs;
}

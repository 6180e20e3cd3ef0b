import { scheduler } from 'node:timers/promises';
import { CacheEntryTooLargeError, CacheMisuseError, compileGlob } from '../../core/index.js';
import type {
  Tier,
  TierCapabilities,
  TierEntry,
  TierFences,
  TierGuard,
  TierRead,
  TierWrite,
} from '../../tiers/index.js';
import { Entries } from './entries.js';
import { Names } from './names.js';
import { RecordTable } from './record-table.js';
import { ENTRY, FENCE } from './slots.js';
import { ThreadClock } from './thread-clock.js';
import {
  resolveThreadsTierOptions,
  type ThreadsTierOptions,
  type ThreadsTierSettings,
} from './threads.tier.options.js';

/** So many buckets are listed before the event loop has its turn. */
const BUCKETS_AT_ONCE = 2_048;

/**
 * A tier in memory that the threads of this process share: what one worker has stored, the others read, without a message
 * and without waiting for each other.
 */
export function threadsTier(options: ThreadsTierOptions = {}): Tier {
  return new ThreadsTier(resolveThreadsTierOptions(options));
}

/* Every call is done when it returns its promise: there is nothing to wait for, and no event loop of another thread has a part in it. */
class ThreadsTier implements Tier {
  readonly name: string;
  readonly guard: TierGuard;
  readonly capabilities: TierCapabilities;
  private readonly entries: Entries;
  private readonly names: Names;
  private readonly clock: ThreadClock;
  private report: (error: unknown) => void = () => {};
  private isClosed = false;

  constructor(private readonly settings: ThreadsTierSettings) {
    const { name, guard, memory, clock } = settings;
    this.name = name;
    this.guard = guard;
    this.capabilities = {
      scope: 'process',
      atomicFences: true,
      listsKeys: true,
      leases: true,
      maxEntryBytes: memory.maxEntryBytes,
    };
    this.entries = new Entries(new RecordTable(memory.words, memory.geometry));
    this.names = new Names(memory.seed);
    this.clock = new ThreadClock(clock);
  }

  start(report: (error: unknown) => void): void {
    this.report = report;
  }

  async read(space: string, keys: readonly string[], generations: readonly string[]): Promise<TierRead> {
    const nowMs = this.begin();
    return {
      entries: keys.map((key) => this.entry(space, key, nowMs)),
      // After the entries, so that they are judged by what is true when they have been read.
      generations: generations.map((name) => this.entries.guards.generation(this.names.of(space, name), nowMs)),
    };
  }

  async fence(
    space: string,
    keys: readonly string[],
    generations: readonly string[],
    ttlMs: number,
  ): Promise<TierFences> {
    const nowMs = this.begin();
    const { guards } = this.entries;
    return {
      fences: keys.map((key) => guards.fence(this.names.of(space, key), ttlMs, nowMs)),
      generations: generations.map((name) => guards.generationOrNew(this.names.of(space, name), nowMs)),
    };
  }

  async write(space: string, writes: readonly TierWrite[]): Promise<readonly boolean[]> {
    const nowMs = this.begin();
    return writes.map(({ key, bytes, ttlMs, fence }) => {
      const { maxEntryBytes } = this.capabilities;
      if (bytes.length > maxEntryBytes) {
        this.report(new CacheEntryTooLargeError(this.name, key, bytes.length, maxEntryBytes));
        return false;
      }
      return this.entries.write(this.names.of(space, key), bytes, ttlMs, fence, nowMs);
    });
  }

  async remove(space: string, keys: readonly string[]): Promise<void> {
    const nowMs = this.begin();
    for (const key of keys) this.entries.remove(this.names.of(space, key), nowMs);
  }

  async renew(space: string, generations: readonly string[]): Promise<void> {
    const nowMs = this.begin();
    for (const name of generations) this.entries.guards.renew(this.names.of(space, name), nowMs);
  }

  async *keys(space: string, glob?: string): AsyncGenerator<readonly string[]> {
    const matches = glob === undefined ? undefined : compileGlob(glob);
    const { bucketCount } = this.settings.memory.geometry;
    const name = this.names.space(space);
    for (let from = 0; from < bucketCount; from += BUCKETS_AT_ONCE) {
      if (from > 0) await scheduler.yield();
      const all = this.entries.table.keysOf(name, [ENTRY, FENCE], from, from + BUCKETS_AT_ONCE, this.begin());
      const keys = matches === undefined ? all : all.filter(matches);
      if (keys.length > 0) yield keys;
    }
  }

  async lease(space: string, key: string, holder: string, ttlMs: number): Promise<boolean> {
    const nowMs = this.begin();
    return this.entries.guards.lease(this.names.of(space, key), holder, ttlMs, nowMs);
  }

  async release(space: string, key: string, holder: string): Promise<void> {
    const nowMs = this.begin();
    this.entries.guards.release(this.names.of(space, key), holder, nowMs);
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  private begin(): number {
    if (!this.isClosed) return this.clock.nowMs();
    throw new CacheMisuseError(`tier "${this.name}" is closed; use it before close(), or make another`);
  }

  private entry(space: string, key: string, nowMs: number): TierEntry | undefined {
    const found = this.entries.table.read(ENTRY, this.names.of(space, key), nowMs);
    return found && { bytes: found.bytes, ttlLeftMs: found.expiresAtMs - nowMs };
  }
}

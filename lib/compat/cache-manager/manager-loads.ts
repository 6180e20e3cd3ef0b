import { createCache, defineCache, type ClosableCache } from '../../cache/index.js';
import { isCacheError } from '../../core/index.js';
import type { Attempt } from '../../resilience/index.js';
import { ttlAbove, ttlForStore, type ManagerParts } from './manager-parts.js';
import { lifetimeOf, type MemoryStore } from './memory-store.js';
import type { StoreLink } from './store-link.js';
import type { Found } from './store-values.js';

/** What one load is asked for, over what its cache says. */
export interface Asked {
  /** Milliseconds of what was loaded; `undefined` where neither the call nor the cache says. */
  ttlOf(value: unknown): number | undefined;
  /** A value with less than that many milliseconds left is loaded anew behind. Absent: never. */
  readonly thresholdOf?: ((value: unknown) => number | undefined) | undefined;
  /** Whether the caller wants to know when the value ends. */
  readonly wantsEnd?: boolean;
  /** Whether what was loaded is to be stored. @defaultValue unless it is `undefined` */
  keeps?(value: unknown): boolean;
}

/** A value that was found or loaded, and how long the store that asked may keep it: 0, not at all. */
interface Loaded extends Found {
  readonly keepMs: number;
}

/**
 * The loads of one cache: one for each key, however many ask. Where the first store is memory of ours, it is that cache
 * which loads; else one that keeps nothing, and shares what it loads among those who wait.
 */
export class ManagerLoads {
  private readonly memory: MemoryStore | undefined;
  private readonly flights: ClosableCache<string, Found>;
  /** Keys of which the value is loaded anew behind. */
  private readonly refreshing = new Set<string>();

  constructor(private readonly parts: ManagerParts) {
    const { clock, cacheId } = parts.settings;
    this.memory = parts.links[0]?.memory;
    const keepsNothing = { ttl: 0, maxSize: 1, tiers: [], bus: false } as const;
    this.flights = createCache(defineCache<string, Found>(`wrap ${cacheId}`, keepsNothing), { clock });
  }

  /** The value under a key with its end, loaded by `run` where no store has it. */
  async load(key: string, run: () => unknown, asked: Asked): Promise<Found> {
    try {
      if (this.memory !== undefined) return await this.loadInMemory(this.memory, key, run, asked);
      return await this.flights.getOrLoad(key, () => this.throughStores(key, run, asked, 0));
    } catch (error) {
      // What is loaded asks, on its way, for its own key: a handler under a `@CacheKey` that wraps the same key. Nobody can
      // wait for that, so the inner one loads.
      if (!isCacheError(error, 'CACHE_REENTRANCY')) throw error;
      return this.throughStores(key, run, asked, 0);
    }
  }

  /** Newcomers do not join the loads of these keys any more; of all without keys. */
  outdate(keys: readonly string[] | undefined): void {
    // Memory of ours does that by itself.
    if (this.memory === undefined) void (keys === undefined ? this.flights.clear() : this.flights.invalidateAll(keys));
  }

  private async loadInMemory(memory: MemoryStore, key: string, run: () => unknown, asked: Asked): Promise<Found> {
    const looks = asked.thresholdOf !== undefined || asked.wantsEnd === true;
    const kept = looks ? await memory.look(key) : undefined;
    if (kept !== undefined && this.isDue(kept, asked)) this.refresh(key, run, asked, kept, 0);
    let own: Loaded | undefined;
    const value = await memory.load(key, async (load) => {
      own = await this.throughStores(key, run, asked, 1);
      if (own.keepMs > 0) load.ttl(own.keepMs);
      else load.skip();
      return own.value;
    });
    const found = own ?? kept ?? (looks ? await memory.look(key) : undefined);
    return { value, expires: found?.expires };
  }

  /** Looks in the stores from `first` on, then loads; whichever it is, the stores above get it. */
  private async throughStores(key: string, run: () => unknown, asked: Asked, first: number): Promise<Loaded> {
    const { links, events, changes, settings } = this.parts;
    const fence = changes.openFence();
    const isWanted = (): boolean => changes.permits(fence, { index: key, groups: [] });
    try {
      for (const [at, link] of links.entries()) {
        if (at < first) continue;
        const attempt = await link.find(key);
        if (!attempt.ok) events.emit('get', () => ({ key, error: attempt.error, store: link.label }));
        if (!attempt.ok || attempt.value === undefined) continue;
        const found = attempt.value;
        const isDue = this.isDue(found, asked);
        if (isDue) this.refresh(key, run, asked, found, at);
        const ttl = isDue || at === 0 ? 0 : asked.ttlOf(found.value);
        const above = links.slice(0, at).map((each) => ({
          link: each,
          ttlMs: isDue ? 0 : ttlAbove(this.parts, each, found.expires, ttl),
        }));
        await Promise.all(
          above.slice(first).map(({ link: each, ttlMs }) => isWanted() && this.storeIn(each, key, found.value, ttlMs)),
        );
        return { ...found, keepMs: isWanted() ? (above[0]?.ttlMs ?? 0) : 0 };
      }
      const value = await run();
      const ttl = asked.ttlOf(value);
      const lifeMs = lifetimeOf(ttl);
      const keeps = asked.keeps?.(value) ?? value !== undefined;
      if (keeps && isWanted()) await this.storeInAll(links, first, key, value, ttl);
      return { value, expires: endOf(lifeMs, settings.clock.epochMs()), keepMs: keeps && isWanted() ? lifeMs : 0 };
    } finally {
      changes.closeFence(fence);
    }
  }

  private isDue({ value, expires }: Found, { thresholdOf }: Asked): boolean {
    const thresholdMs = thresholdOf?.(value);
    if (expires === undefined || thresholdMs === undefined) return false;
    return Math.max(0, expires - this.parts.settings.clock.epochMs()) < thresholdMs;
  }

  /** Loads behind a value that is served, once at a time; for the stores down to the one that had it. */
  private refresh(key: string, run: () => unknown, asked: Asked, served: Found, at: number): void {
    const { links, events, changes, settings } = this.parts;
    if (this.refreshing.has(key)) return;
    this.refreshing.add(key);
    const fence = changes.openFence();
    const renew = async (): Promise<unknown> => {
      const value = await run();
      const keeps = asked.keeps?.(value) ?? value !== undefined;
      if (!keeps || !changes.permits(fence, { index: key, groups: [] })) return value;
      const stores = settings.refreshAllStores ? links : links.slice(0, at + 1);
      const failed = await this.storeInAll(stores, 0, key, value, asked.ttlOf(value));
      if (failed !== undefined) throw failed.error;
      return value;
    };
    void renew()
      .then(
        (value) => events.emit('refresh', () => ({ key, value })),
        (error: unknown) => events.emit('refresh', () => ({ key, value: served.value, error })),
      )
      .finally(() => {
        changes.closeFence(fence);
        this.refreshing.delete(key);
      });
  }

  /** Stores what was loaded, from `first` on; the first failure. It is no failure of whoever asked for the value. */
  private async storeInAll(
    links: readonly StoreLink[],
    first: number,
    key: string,
    value: unknown,
    ttl: number | undefined,
  ): Promise<Failure | undefined> {
    const { events, settings } = this.parts;
    const stored = Promise.all(
      links.map(async (link, at) => {
        const attempt = at < first ? undefined : await link.set(key, value, ttl);
        const told = attempt?.ok === false ? { error: attempt.error } : {};
        events.emit('set', () => ({ key, value, store: link.label, ...told }));
        return attempt?.ok === false ? attempt : undefined;
      }),
    ).then((attempts) => attempts.find((attempt) => attempt !== undefined));
    const failed = settings.nonBlocking ? undefined : await stored;
    if (failed === undefined) events.emit('set', () => ({ key, value }));
    return failed;
  }

  private async storeIn(link: StoreLink, key: string, value: unknown, ttlMs: number): Promise<void> {
    if (ttlMs <= 0) return;
    const attempt = await link.set(key, value, ttlForStore(ttlMs));
    if (attempt.ok) return;
    this.parts.events.emit('set', () => ({ key, value, store: link.label, error: attempt.error }));
  }
}

type Failure = Extract<Attempt<never>, { ok: false }>;

function endOf(lifeMs: number, nowMs: number): number | undefined {
  return lifeMs === Infinity ? undefined : nowMs + lifeMs;
}

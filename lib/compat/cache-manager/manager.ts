import { Logger } from '@nestjs/common';
import { CacheMisuseError } from '../../core/index.js';
import { ChangeLog } from '../../resilience/index.js';
import type { CacheMethods, Events } from './cache.js';
import { resolveManagerOptions, type CreateCacheOptions, type ManagerSettings } from './cache-manager.options.js';
import { ManagerEvents } from './manager-events.js';
import { ManagerLoads, type Asked } from './manager-loads.js';
import type { ManagerParts } from './manager-parts.js';
import { ManagerReads } from './manager-reads.js';
import { ManagerWrites } from './manager-writes.js';
import { MemoryStore } from './memory-store.js';
import { QuietLog } from './quiet-log.js';
import { ResponseFlights } from './response-flights.js';
import { StoreLink } from './store-link.js';
import type { Found, StoreLike } from './store-values.js';

/** Under which a cache of ours carries its inside, for interceptors. The same symbol in every copy of this package. */
const MANAGER: unique symbol = Symbol.for('nestjs-strata:cache-manager') as never;

/** The cache with what Nest calls when the app shuts down. */
export type ManagedCache = CacheMethods & { onModuleDestroy(): Promise<void> };

/**
 * A cache with the methods and events of cache-manager 7, over one store or several. Without stores it keeps its entries
 * in memory, 10,000 of them unless `max` says otherwise. Throws `CacheOptionsError` with every problem of the options.
 */
export function createCache(options: CreateCacheOptions = {}): CacheMethods {
  return new Manager(options.stores ?? [], resolveManagerOptions('createCache()', options)).api;
}

/** The inside of a cache that `createCache` or the module made; `undefined` of any other, and of one that was tampered with. */
export function managerOf(cache: unknown): Manager | undefined {
  if (typeof cache !== 'object' || cache === null || !(MANAGER in cache)) return undefined;
  // Nobody else puts anything under that symbol, and beside it stand the methods.
  const { [MANAGER]: manager, get, set } = cache as CacheMethods & { [MANAGER]: Manager };
  // A test that spies on the methods expects them to be called.
  return get === manager.original.get && set === manager.original.set ? manager : undefined;
}

/** The inside of a cache: its steps, and its methods as functions that need no `this`. */
export class Manager {
  readonly api: ManagedCache;
  /** The methods as they were made. */
  readonly original: Pick<CacheMethods, 'get' | 'set'>;
  readonly responses: ResponseFlights;
  readonly log: QuietLog;
  private readonly parts: ManagerParts;
  private readonly reads: ManagerReads;
  private readonly loads: ManagerLoads;
  private readonly writes: ManagerWrites;
  private destroyed: Promise<void> | undefined;

  /** @param stores none: one in memory */
  constructor(
    stores: readonly StoreLike[],
    readonly settings: ManagerSettings,
    memory: MemoryStore = new MemoryStore(settings.memory),
  ) {
    this.log = new QuietLog(settings.clock, new Logger('CacheManager'));
    const used = stores.length > 0 ? [...stores] : [memory];
    const links = used.map((store, at) => {
      requireStore(store, at);
      const label = at === 0 ? 'primary' : `secondary:${at - 1}`;
      return new StoreLink(store, label, settings.timeoutMs, settings.clock, (error) =>
        this.log.warn(label, `the ${label} store failed; requests go on without it`, error),
      );
    });
    this.parts = { links, settings, events: new ManagerEvents(), changes: new ChangeLog() };
    this.reads = new ManagerReads(this.parts);
    this.loads = new ManagerLoads(this.parts);
    this.responses = new ResponseFlights(settings);
    this.writes = new ManagerWrites(this.parts, (keys) => {
      this.loads.outdate(keys);
      this.responses.outdate(keys);
    });
    this.api = this.methods(used, stores.length > 0);
    this.original = { ...this.api };
  }

  /** As `wrap`, for those who say themselves what is kept. */
  load(key: string, run: () => unknown, asked: Asked): Promise<Found> {
    return this.loads.load(key, run, asked);
  }

  /** Whether a value is in memory: then nobody has to wait for it, nor share the wait. */
  async isAtHand(key: string): Promise<boolean> {
    const memory = this.parts.links[0]?.memory;
    return memory !== undefined && memory.has(key);
  }

  /** What is under a key that is none of the caller's: no lookup, and no event. */
  async look(key: string): Promise<unknown> {
    for (const link of this.parts.links) {
      const attempt = await link.look(key);
      if (attempt.ok && attempt.value !== undefined) return attempt.value.value;
    }
    return undefined;
  }

  /** Keeps something beside an entry; a failure is its reader's miss. */
  async keep(key: string, value: unknown, ttl: number | undefined): Promise<void> {
    await Promise.all(this.parts.links.map((link) => link.set(key, value, ttl ?? this.settings.ttl)));
  }

  /** The first store that does not answer, asked at its start. */
  async probe(): Promise<{ store: string; error: unknown } | undefined> {
    for (const link of this.parts.links) {
      const failed = await link.probe();
      if (failed !== undefined) return { store: link.label, error: failed.error };
    }
    return undefined;
  }

  /** What interceptors take for the start of a call whose result they may store later. */
  fence(): { permits(key: string): boolean; close(): void } {
    const { changes } = this.parts;
    const fence = changes.openFence();
    return {
      permits: (key) => changes.permits(fence, { index: key, groups: [] }),
      close: () => changes.closeFence(fence),
    };
  }

  private methods(stores: StoreLike[], areGiven: boolean): ManagedCache {
    const { reads, writes, parts, settings } = this;
    // What `get<T>` and its like return is of the type that was stored, which only the caller knows.
    const api: ManagedCache = {
      get: async <T>(key: string) => (await reads.get(String(key))) as T | undefined,
      mget: async <T>(keys: string[]) => (await reads.getAll(keys.map(String))) as Array<T | undefined>,
      ttl: async (key) => reads.expiry(String(key)),
      set: async (key, value, ttl) => {
        await writes.set(String(key), value, ttl);
        return value;
      },
      mset: async <T>(list: Array<{ key: string; value: T; ttl?: number }>) =>
        (await writes.setAll(list)) as Array<{ key: string; value: T; ttl?: number }>,
      del: async (key) => {
        await writes.delete(String(key));
        return true;
      },
      mdel: async (keys) => {
        await writes.deleteAll(keys.map(String));
        return true;
      },
      clear: async () => {
        await writes.clear();
        return true;
      },
      wrap: this.wrap as CacheMethods['wrap'],
      on: <E extends keyof Events>(event: E, listener: Events[E]) => parts.events.on(event, listener),
      off: <E extends keyof Events>(event: E, listener: Events[E]) => parts.events.off(event, listener),
      disconnect: () => this.disconnect(),
      cacheId: () => settings.cacheId,
      stores,
      onModuleDestroy: () => (this.destroyed ??= areGiven ? this.end() : Promise.resolve()),
    };
    Object.defineProperty(api, MANAGER, { value: this });
    return api;
  }

  private readonly wrap = async (
    key: string,
    fnc: () => unknown,
    ttlOrOptions?: unknown,
    refreshThreshold?: unknown,
  ): Promise<unknown> => {
    const { settings } = this;
    const options = typeof ttlOrOptions === 'object' && ttlOrOptions !== null ? ttlOrOptions : undefined;
    const given: { ttl?: unknown; refreshThreshold?: unknown; raw?: unknown } = options ?? {
      ttl: ttlOrOptions,
      refreshThreshold,
    };
    const threshold = given.refreshThreshold ?? settings.refreshThreshold;
    const found = await this.loads.load(String(key), async () => fnc(), {
      ttlOf: (value) => of(given.ttl, value) ?? settings.ttl,
      thresholdOf: threshold === undefined ? undefined : (value) => of(threshold, value) ?? settings.refreshThreshold,
      wantsEnd: given.raw === true,
    });
    return given.raw === true ? { value: found.value, expires: found.expires } : found.value;
  };

  /** As the app shuts down: a server that is away already keeps nothing from ending. */
  private async end(): Promise<void> {
    try {
      await this.disconnect();
    } catch (error) {
      this.log.warn('disconnect', 'a store could not be disconnected', error);
    }
  }

  private async disconnect(): Promise<undefined> {
    await this.writes.settled();
    const ended = await Promise.all(this.parts.links.map((link) => link.disconnect()));
    for (const attempt of ended) if (!attempt.ok) throw attempt.error;
    return undefined;
  }
}

/** A number, or what a function says of the value. */
function of(given: unknown, value: unknown): number | undefined {
  const number: unknown = typeof given === 'function' ? given(value) : given;
  return typeof number === 'number' ? number : undefined;
}

function requireStore(store: unknown, at: number): void {
  const isStore =
    typeof store === 'object' &&
    store !== null &&
    (['get', 'set', 'delete', 'clear'] as const).every(
      (method) => method in store && typeof (store as Record<string, unknown>)[method] === 'function',
    );
  if (isStore) return;
  throw new CacheMisuseError(
    `stores[${at}] is no store: it must be a Keyv, or have its methods get, set, delete and clear; ` +
      `put one of cache-manager 5 into new Keyv({ store: new KeyvAdapter(store) })`,
  );
}

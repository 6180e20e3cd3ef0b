import {
  createCache,
  defineCache,
  type CacheOptions,
  type Cache as TypedCache,
  type CacheRegistry,
} from '../../cache/index.js';
import { isCacheError, systemClock, type Clock } from '../../core/index.js';
import { checkMemoryStoreOptions, type MemoryStoreOptions } from './cache-manager.options.js';
import { plainCopy } from './plain-copy.js';
import type { Found, StoreLike } from './store-values.js';

const DEFAULT_NAME = 'cache-manager';

/** What a loader of {@link MemoryStore.load} can say of its value. */
export interface MemoryLoad {
  ttl(ms: number): void;
  skip(): void;
}

/**
 * A bounded store in memory, for the place of a Keyv: `stores: [memoryStore({ max: 5_000 }), new KeyvRedis(url)]`. It is
 * a cache of this package, and in an app with `CacheModule.forRoot()` one of its `CacheRegistry`.
 */
export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  return new MemoryStore(options);
}

/**
 * A cache of this package in the shape of a Keyv. What has no ttl does not expire; it goes when room runs out. After the
 * app has shut down it holds nothing, and no call of it fails.
 */
export class MemoryStore implements StoreLike {
  /** As a Keyv has them. */
  readonly opts = { dialect: 'memory', url: 'memory://' };
  namespace: string | undefined;
  private made: TypedCache<string, unknown> | undefined;
  private readonly clock: Clock;
  private readonly copy: <T>(value: T) => T;

  constructor(private readonly options: MemoryStoreOptions) {
    checkMemoryStoreOptions('memoryStore()', options);
    this.clock = options.clock ?? systemClock;
    this.copy = options.clone === 'none' ? (value) => value : plainCopy;
  }

  /** Makes it one of the caches of an app, under the first name that is free. */
  joinRegistry(registry: CacheRegistry): void {
    if (this.made !== undefined) return;
    const { name: wanted = DEFAULT_NAME } = this.options;
    let name = wanted;
    for (let at = 2; registry.has(name); at++) name = `${wanted}-${at}`;
    registry.define(defineCache(name, this.cacheOptions), 'the CacheModule of nestjs-strata/cache-manager');
    this.made = registry.get<string, unknown>(name);
  }

  /** What it is made of. */
  get cache(): TypedCache<string, unknown> {
    this.made ??= createCache(defineCache(this.options.name ?? DEFAULT_NAME, this.cacheOptions), { clock: this.clock });
    return this.made;
  }

  get store(): this {
    return this;
  }

  // ---- as a Keyv

  get(key: string, options: { raw: true }): Promise<{ value: unknown; expires: number | undefined } | undefined>;
  get(key: string, options?: { raw: boolean }): Promise<unknown>;
  async get(key: string, { raw = false }: { raw?: boolean } = {}): Promise<unknown> {
    return raw ? this.getRaw(key) : this.copy(await this.open(() => this.cache.get(key), undefined));
  }

  async getRaw(key: string): Promise<Found | undefined> {
    const value = await this.get(key);
    return value === undefined ? undefined : { value, expires: (await this.look(key))?.expires };
  }

  async getMany(keys: string[], { raw = false }: { raw?: boolean } = {}): Promise<unknown[]> {
    if (raw) return this.getManyRaw(keys);
    const found = await this.open(() => this.cache.getAll(keys), new Map<string, unknown>());
    return keys.map((key) => this.copy(found.get(key)));
  }

  async getManyRaw(keys: string[]): Promise<Array<Found | undefined>> {
    return Promise.all(keys.map((key) => this.getRaw(key)));
  }

  /** Without a ttl, and with 0, the entry does not expire; with one below 0 it has expired. */
  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    const ttlMs = lifetimeOf(ttl);
    if (value === undefined || ttlMs <= 0) await this.delete(key);
    else await this.open(() => this.cache.put(key, this.copy(value), { ttl: ttlMs }), undefined);
    return true;
  }

  async setMany(entries: Array<{ key: string; value: unknown; ttl?: number | undefined }>): Promise<boolean[]> {
    return Promise.all(entries.map(({ key, value, ttl }) => this.set(key, value, ttl)));
  }

  async delete(key: string | string[]): Promise<boolean> {
    if (Array.isArray(key)) return this.deleteMany(key);
    return this.open(() => this.cache.invalidate(key), false);
  }

  async deleteMany(keys: string[]): Promise<boolean> {
    const deleted = await this.open(() => this.cache.invalidateAll(keys), 0);
    return deleted === keys.length;
  }

  async has(key: string): Promise<boolean> {
    return this.open(() => this.cache.has(key), false);
  }

  async hasMany(keys: string[]): Promise<boolean[]> {
    return Promise.all(keys.map((key) => this.has(key)));
  }

  async clear(): Promise<void> {
    await this.open(() => this.cache.clear(), undefined);
  }

  async *iterator(_namespace?: unknown): AsyncGenerator<[string, unknown], void> {
    for await (const key of this.cache.keys()) {
      const found = await this.look(key);
      if (found !== undefined) yield [key, found.value];
    }
  }

  /** There is no connection to end. */
  async disconnect(): Promise<void> {}

  /** It never fails, so nobody is told. */
  on(_event: string, _listener: (error: unknown) => void): this {
    return this;
  }

  off(_event: string, _listener: (error: unknown) => void): this {
    return this;
  }

  // ---- what a Keyv cannot do

  /** The same as {@link getRaw}, but it counts as no lookup. */
  async look(key: string): Promise<Found | undefined> {
    const entry = await this.open(() => this.cache.entry(key), undefined);
    if (entry === undefined || entry.value === undefined) return undefined;
    const { ttlLeftMs } = entry;
    const expires = ttlLeftMs === Infinity ? undefined : Math.round(this.clock.epochMs() + ttlLeftMs);
    return { value: this.copy(entry.value), expires };
  }

  /** The value; a missing one is loaded, once for all who ask meanwhile, and stored unless the loader says otherwise. */
  async load(key: string, loader: (load: MemoryLoad) => Promise<unknown>): Promise<unknown> {
    let own: Promise<unknown> | undefined;
    const run = (load: MemoryLoad): Promise<unknown> => (own ??= loader(load).then((value) => this.copy(value)));
    try {
      return this.copy(await this.cache.getOrLoad(key, (_key, load) => run(load)));
    } catch (error) {
      if (own === undefined && isCacheError(error, 'CACHE_CLOSED')) return run({ ttl: () => {}, skip: () => {} });
      throw error;
    }
  }

  private get cacheOptions(): CacheOptions<string, unknown> {
    const { max, maxMemory } = this.options;
    // All of them, so that the defaults of the app for its own caches do not change what is written for Keyv.
    return {
      ttl: Infinity,
      tti: Infinity,
      ttlJitter: 0,
      staleWhileRevalidate: 0,
      staleIfError: 0,
      errorTtl: 0,
      tiers: [],
      bus: false,
      clone: 'none',
      ...(max === undefined && maxMemory !== undefined ? {} : { maxSize: max ?? 10_000 }),
      ...(maxMemory === undefined ? {} : { maxMemory }),
    };
  }

  /** What is asked of it after the app has shut down finds nothing. */
  private async open<T>(call: () => Promise<T>, instead: T): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (isCacheError(error, 'CACHE_CLOSED')) return instead;
      throw error;
    }
  }
}

/** A ttl as Keyv means it. */
export function lifetimeOf(ttl: number | undefined | null): number {
  return typeof ttl !== 'number' || ttl === 0 || Number.isNaN(ttl) ? Infinity : ttl;
}

import { CacheMisuseError, escapeGlob, type CachePort } from '../../core/index.js';

type Listener = (...values: unknown[]) => void;

/** A pair that Keyv stores. */
interface KeyvPair {
  readonly key: string;
  readonly value: unknown;
  readonly ttl?: number;
}

/** A cache as Keyv takes it for its store: `new Keyv({ store: keyvStore(users) })`. */
export interface KeyvStore {
  /** What Keyv looks at to see that it can be iterated over. */
  readonly opts: { readonly dialect: string; readonly url: string };
  /** Set by Keyv; keys then begin with it and a colon. */
  namespace?: string | undefined;
  get<T>(key: string): Promise<T | undefined>;
  getMany<T>(keys: string[]): Promise<(T | undefined)[]>;
  /** `ttl` in milliseconds; without one the cache's own. */
  set(key: string, value: unknown, ttl?: number): Promise<boolean>;
  setMany(pairs: KeyvPair[]): Promise<void>;
  delete(key: string): Promise<boolean>;
  /** Whether one of them was there. */
  deleteMany(keys: string[]): Promise<boolean>;
  /** Removes what is in its namespace; everything where it has none. */
  clear(): Promise<void>;
  has(key: string): Promise<boolean>;
  hasMany(keys: string[]): Promise<boolean[]>;
  iterator<T>(namespace?: string): AsyncGenerator<[string, T | undefined], void>;
  on(event: string, listener: Listener): KeyvStore;
  off(event: string, listener: Listener): KeyvStore;
}

/**
 * A cache as the store of a Keyv, version 5: what is bounded, measured and shared by the cache then also serves a
 * library that takes a Keyv. Keyv stores text that it makes of values. A call that fails is told to those who listen
 * for `error`, and is a miss; without a listener it rejects. The cache is its owner's to close.
 */
export function keyvStore(cache: CachePort<string, unknown>): KeyvStore {
  if (typeof cache?.get !== 'function' || typeof cache.invalidateMatching !== 'function') {
    throw new CacheMisuseError(
      'keyvStore() takes a cache with string keys; give it what createCache() made or Nest injected',
    );
  }
  return new CacheKeyvStore(cache);
}

class CacheKeyvStore implements KeyvStore {
  /** Keyv 5 iterates over stores of the kinds that it knows by name only. */
  readonly opts = { dialect: 'redis', url: 'cache' };
  namespace: string | undefined;
  private readonly listeners = new Map<string, Listener[]>();

  constructor(private readonly cache: CachePort<string, unknown>) {}

  get<T>(key: string): Promise<T | undefined> {
    // Keyv asks for the type that it stored.
    return this.attempt(() => this.cache.get(key) as Promise<T | undefined>, undefined);
  }

  getMany<T>(keys: string[]): Promise<(T | undefined)[]> {
    return this.attempt(
      async () => {
        const found = (await this.cache.getAll(keys)) as ReadonlyMap<string, T>;
        return keys.map((key) => found.get(key));
      },
      keys.map(() => undefined),
    );
  }

  set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    return this.attempt(async () => {
      await this.cache.put(key, value, ttl === undefined ? undefined : { ttl });
      return true;
    }, false);
  }

  async setMany(pairs: KeyvPair[]): Promise<void> {
    await Promise.all(pairs.map(({ key, value, ttl }) => this.set(key, value, ttl)));
  }

  delete(key: string): Promise<boolean> {
    return this.attempt(async () => {
      // What is only in a tier below memory counts too.
      const isThere = await this.cache.has(key);
      return (await this.cache.invalidate(key)) || isThere;
    }, false);
  }

  async deleteMany(keys: string[]): Promise<boolean> {
    const deleted = await Promise.all(keys.map((key) => this.delete(key)));
    return deleted.includes(true);
  }

  clear(): Promise<void> {
    return this.attempt(async () => {
      if (this.namespace === undefined) await this.cache.clear();
      else await this.cache.invalidateMatching(`${escapeGlob(`${this.namespace}:`)}*`);
    }, undefined);
  }

  has(key: string): Promise<boolean> {
    return this.attempt(() => this.cache.has(key), false);
  }

  hasMany(keys: string[]): Promise<boolean[]> {
    return Promise.all(keys.map((key) => this.has(key)));
  }

  async *iterator<T>(namespace?: string): AsyncGenerator<[string, T | undefined], void> {
    for await (const key of this.cache.keys()) {
      if (namespace !== undefined && !key.startsWith(`${namespace}:`)) continue;
      const value = await this.get<T>(key);
      if (value !== undefined) yield [key, value];
    }
  }

  on(event: string, listener: Listener): this {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
    return this;
  }

  off(event: string, listener: Listener): this {
    this.listeners.set(
      event,
      (this.listeners.get(event) ?? []).filter((other) => other !== listener),
    );
    return this;
  }

  private async attempt<T>(call: () => Promise<T>, instead: T): Promise<T> {
    try {
      return await call();
    } catch (error) {
      const listeners = this.listeners.get('error') ?? [];
      if (listeners.length === 0) throw error;
      for (const listener of listeners) listener(error);
      return instead;
    }
  }
}

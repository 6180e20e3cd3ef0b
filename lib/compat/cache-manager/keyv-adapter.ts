/** A store as cache-manager 5 had them, such as those of the packages cache-manager-*-store and *-yet. */
export interface CacheManagerStore {
  name: string;
  isCacheable?: (value: unknown) => boolean;
  get(key: string): Promise<unknown>;
  mget(...keys: string[]): Promise<unknown[]>;
  set(key: string, value: unknown, ttl?: number): Promise<unknown>;
  mset(data: Record<string, unknown>, ttl?: number): Promise<void>;
  del(key: string): Promise<void>;
  mdel(...keys: string[]): Promise<void>;
  ttl(key: string, ttl?: number): Promise<number>;
  keys(): Promise<string[]>;
  reset?(): Promise<void>;
  on?(event: string, listener: (...values: unknown[]) => void): void;
  disconnect?(): Promise<void>;
}

/** A store of cache-manager 5 as the store of a Keyv: `new Keyv({ store: new KeyvAdapter(store) })`. */
export class KeyvAdapter {
  /** Keyv 5 looks here for what kind of store it has. */
  opts: Record<string, unknown> = {};
  namespace?: string | undefined;

  constructor(private readonly store: CacheManagerStore) {}

  async get<T>(key: string): Promise<T | undefined> {
    // Whoever asks for a type has stored it.
    return ((await this.store.get(key)) ?? undefined) as T | undefined;
  }

  async getMany<T>(keys: string[]): Promise<Array<T | undefined>> {
    const values = await this.store.mget(...keys);
    return values.map((value) => (value ?? undefined) as T | undefined);
  }

  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    await this.store.set(key, value, ttl);
    return true;
  }

  async delete(key: string): Promise<boolean> {
    await this.store.del(key);
    return true;
  }

  async deleteMany(keys: string[]): Promise<boolean> {
    await this.store.mdel(...keys);
    return true;
  }

  async clear(): Promise<void> {
    await this.store.reset?.();
  }

  async has(key: string): Promise<boolean> {
    return (await this.get(key)) !== undefined;
  }

  on(event: string, listener: (...values: unknown[]) => void): this {
    this.store.on?.(event, listener);
    return this;
  }

  async disconnect(): Promise<void> {
    await this.store.disconnect?.();
  }
}

/** Whether a store is one of cache-manager 5: it deletes by `del`, where Keyv's do by `delete`. */
export function isLegacyStore(store: object): store is CacheManagerStore {
  return 'del' in store && typeof store.del === 'function' && !('delete' in store);
}

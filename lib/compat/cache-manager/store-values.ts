/** A value in a store, and the instant, in milliseconds since 1970, when it ends; without one it does not. */
export interface Found {
  readonly value: unknown;
  readonly expires: number | undefined;
}

/** What is used of a store: a Keyv of version 5 or 6, a Cacheable, whatever has its shape, or our own memory. */
export interface StoreLike {
  get(key: string, options?: { raw: boolean }): unknown;
  getRaw?(key: string): unknown;
  getMany?(keys: string[], options?: { raw: boolean }): unknown;
  getManyRaw?(keys: string[]): unknown;
  set(key: string, value: unknown, ttl?: number): unknown;
  setMany?(entries: Array<{ key: string; value: unknown; ttl?: number | undefined }>): unknown;
  delete(key: string): unknown;
  clear(): unknown;
  disconnect?(): unknown;
  on?(event: string, listener: (error: unknown) => void): unknown;
  /** Milliseconds of what is stored without a ttl. */
  readonly ttl?: unknown;
}

/** The values of a store with their ends, whichever way its version of Keyv tells them. */
export class StoreValues {
  constructor(readonly store: StoreLike) {}

  async value(key: string): Promise<unknown> {
    return this.store.get(key);
  }

  async find(key: string): Promise<Found | undefined> {
    const { store } = this;
    // Keyv 6 has no options for get(); Keyv 5 tells more errors by get() than by getRaw().
    const raw = isKeyv5(store) ? await store.get(key, { raw: true }) : await this.findRaw(key);
    return foundIn(raw);
  }

  async values(keys: readonly string[]): Promise<unknown[]> {
    const { store } = this;
    if (typeof store.getMany !== 'function') return Promise.all(keys.map((key) => this.value(key)));
    return listOf(await store.getMany([...keys]), keys.length);
  }

  async findAll(keys: readonly string[]): Promise<Array<Found | undefined>> {
    const { store } = this;
    if (isKeyv5(store) && typeof store.getMany === 'function') {
      return listOf(await store.getMany([...keys], { raw: true }), keys.length).map(foundIn);
    }
    if (typeof store.getManyRaw === 'function') {
      return listOf(await store.getManyRaw([...keys]), keys.length).map(foundIn);
    }
    return Promise.all(keys.map((key) => this.find(key)));
  }

  async set(key: string, value: unknown, ttl: number | undefined): Promise<unknown> {
    return this.store.set(key, value, ttl);
  }

  async setAll(entries: ReadonlyArray<{ key: string; value: unknown; ttl?: number | undefined }>): Promise<unknown> {
    const { store } = this;
    if (typeof store.setMany === 'function') return store.setMany([...entries]);
    return Promise.all(entries.map(({ key, value, ttl }) => store.set(key, value, ttl)));
  }

  async delete(key: string): Promise<unknown> {
    return this.store.delete(key);
  }

  async clear(): Promise<void> {
    await this.store.clear();
  }

  async disconnect(): Promise<void> {
    await this.store.disconnect?.();
  }

  /** Milliseconds for which the store itself keeps what is stored without a ttl. */
  get ttl(): number {
    const { ttl } = this.store;
    return typeof ttl === 'number' && ttl > 0 ? ttl : Infinity;
  }

  private async findRaw(key: string): Promise<unknown> {
    const { store } = this;
    if (typeof store.getRaw === 'function') return store.getRaw(key);
    const value = await store.get(key);
    return value === undefined ? undefined : { value };
  }
}

/** Whether it is a Keyv of version 5, or made like one: only there does `get` take options. */
export function isKeyv5(store: object): boolean {
  return 'opts' in store && 'hooks' in store && 'stats' in store && isStore(store);
}

/** Whether it is a Keyv of version 6. */
export function isKeyv6(store: object): boolean {
  return 'getRaw' in store && 'setRaw' in store && 'stats' in store && isStore(store);
}

/** Whether it is a Cacheable, which has stores of its own. */
export function isCacheable(store: object): boolean {
  return 'primary' in store && 'secondary' in store && 'nonBlocking' in store;
}

function isStore(store: object): boolean {
  const methods = store as Record<string, unknown>;
  return ['get', 'set', 'delete', 'clear', 'disconnect'].every((name) => typeof methods[name] === 'function');
}

function foundIn(raw: unknown): Found | undefined {
  if (typeof raw !== 'object' || raw === null || !('value' in raw) || raw.value === undefined) return undefined;
  const expires = 'expires' in raw ? raw.expires : undefined;
  return { value: raw.value, expires: typeof expires === 'number' ? expires : undefined };
}

/** A reply that is no list of as many says nothing. */
function listOf(reply: unknown, length: number): unknown[] {
  return Array.isArray(reply) && reply.length === length ? reply : Array.from({ length }, () => undefined);
}

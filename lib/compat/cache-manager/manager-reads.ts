import type { Attempt } from '../../resilience/index.js';
import { ttlAbove, ttlForStore, type ManagerParts } from './manager-parts.js';
import type { StoreLink } from './store-link.js';
import type { Found } from './store-values.js';

/** What callers read: store after store, or with `nonBlocking` all at once. A store that fails is an event and a miss. */
export class ManagerReads {
  constructor(private readonly parts: ManagerParts) {}

  async get(key: string): Promise<unknown> {
    const { links, settings, events, changes } = this.parts;
    if (settings.nonBlocking) return this.fastest((link) => link.value(key), 'get', { key });
    const fence = links.length > 1 ? changes.openFence() : changes.present();
    try {
      for (const [at, link] of links.entries()) {
        const attempt = at === 0 ? await link.value(key) : await link.find(key);
        if (!attempt.ok) {
          events.emit('get', () => ({ key, error: attempt.error, store: link.label }));
          continue;
        }
        // Of the stores below it matters how long the value has still to live.
        const value = at === 0 ? attempt.value : (attempt.value as Found | undefined)?.value;
        if (value === undefined) continue;
        events.emit('get', () => ({ key, value, store: link.label }));
        const isWanted = (): boolean => changes.permits(fence, { index: key, groups: [] });
        if (at > 0) await this.lift(key, attempt.value as Found, at, isWanted);
        return value;
      }
      return undefined;
    } finally {
      changes.closeFence(fence);
    }
  }

  async getAll(keys: readonly string[]): Promise<unknown[]> {
    const { settings, events } = this.parts;
    const values = settings.nonBlocking
      ? await Promise.all(keys.map((key) => this.fastest((link) => link.value(key), 'mget', { keys })))
      : await this.throughStores(keys);
    events.emit('mget', () => ({ keys, values }));
    return values;
  }

  /** The instant when an entry ends. */
  async expiry(key: string): Promise<number | undefined> {
    const { links, settings, events } = this.parts;
    if (settings.nonBlocking) return ((await this.fastest((link) => link.look(key), 'ttl', { key })) as Found)?.expires;
    for (const link of links) {
      const attempt = await link.look(key);
      if (!attempt.ok) {
        events.emit('ttl', () => ({ key, error: attempt.error }));
      } else if (attempt.value !== undefined) {
        events.emit('ttl', () => ({ key, value: attempt.value }));
        return attempt.value.expires;
      }
    }
    return undefined;
  }

  /** Stores in the stores above what one below had, for as long as that has still to live. */
  async lift(key: string, found: Found, below: number, isWanted: () => boolean): Promise<void> {
    const { links, events } = this.parts;
    await Promise.all(
      links.slice(0, below).map(async (link) => {
        const ttlMs = ttlAbove(this.parts, link, found.expires);
        if (ttlMs <= 0 || !isWanted()) return;
        const stored = await link.set(key, found.value, ttlForStore(ttlMs));
        if (stored.ok) return;
        events.emit('set', () => ({ key, value: found.value, store: link.label, error: stored.error }));
      }),
    );
  }

  private async throughStores(keys: readonly string[]): Promise<unknown[]> {
    const { links, events, changes } = this.parts;
    const values: unknown[] = keys.map(() => undefined);
    const fence = links.length > 1 ? changes.openFence() : changes.present();
    try {
      for (const [at, link] of links.entries()) {
        const places = [...values.keys()].filter((place) => values[place] === undefined);
        if (places.length === 0) break;
        const missing = places.map((place) => keys[place] as string);
        const attempt = at === 0 ? await link.allValues(missing) : await link.findAll(missing);
        if (!attempt.ok) {
          events.emit('mget', () => ({ keys, error: attempt.error }));
          continue;
        }
        for (const [index, place] of places.entries()) {
          const found = attempt.value[index];
          values[place] = at === 0 ? found : (found as Found | undefined)?.value;
          const key = missing[index] as string;
          const isWanted = (): boolean => changes.permits(fence, { index: key, groups: [] });
          if (at > 0 && found !== undefined) await this.lift(key, found as Found, at, isWanted);
        }
      }
    } finally {
      changes.closeFence(fence);
    }
    return values;
  }

  /** The first value that any store has; `undefined` when all of them have answered without one. */
  private fastest(
    read: (link: StoreLink) => Promise<Attempt<unknown>>,
    event: 'get' | 'mget' | 'ttl',
    of: object,
  ): Promise<unknown> {
    const { links, events } = this.parts;
    return new Promise((resolve) => {
      const ended = links.map(async (link) => {
        const attempt = await read(link);
        if (!attempt.ok) events.emit(event, () => ({ ...of, error: attempt.error }));
        else if (attempt.value !== undefined) resolve(attempt.value);
      });
      void Promise.allSettled(ended).then(() => resolve(undefined));
    });
  }
}

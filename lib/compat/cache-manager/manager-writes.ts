import type { Attempt } from '../../resilience/index.js';
import type { ManagerParts } from './manager-parts.js';
import { isThrownByStore, type StoreLink } from './store-link.js';

/** An entry as `mset` takes it. */
export interface SetEntry {
  key: string;
  value: unknown;
  ttl?: number | undefined;
}

/**
 * What callers change. Every store is told; what one of them throws is thrown to the caller, as ever, and a store that
 * does not answer is an event. A load that began before such a change ended does not bring back what it read.
 */
export class ManagerWrites {
  /** Changes that nobody waits for: `nonBlocking`. */
  private readonly pending = new Set<Promise<unknown>>();

  constructor(
    private readonly parts: ManagerParts,
    /** Ends the flights of keys, so that newcomers do not join what is outdated; of all without keys. */
    private readonly outdate: (keys?: readonly string[]) => void,
  ) {}

  async set(key: string, value: unknown, ttl: number | undefined): Promise<void> {
    const { events, settings } = this.parts;
    const lifetime = ttl ?? settings.ttl;
    await this.change([key], async (link) => {
      const stored = await link.set(key, value, lifetime);
      const told = stored.ok ? {} : { error: stored.error };
      events.emit('set', () => ({ key, value, store: link.label, ...told }));
      return stored;
    }).then(
      () => events.emit('set', () => ({ key, value })),
      (error: unknown) => this.fail(error, () => events.emit('set', () => ({ key, value, error }))),
    );
  }

  async setAll(entries: readonly SetEntry[]): Promise<SetEntry[]> {
    const { events, settings } = this.parts;
    const list = entries.map(({ key, value, ttl }) => ({ key, value, ttl: ttl ?? settings.ttl }));
    const keys = list.map(({ key }) => key);
    await this.change(keys, (link) => link.setAll(list)).then(
      () => events.emit('mset', () => ({ list })),
      (error: unknown) => this.fail(error, () => events.emit('mset', () => ({ list, error }))),
    );
    return list;
  }

  async delete(key: string): Promise<void> {
    const { events } = this.parts;
    await this.change([key], (link) => link.delete(key)).then(
      () => events.emit('del', () => ({ key })),
      (error: unknown) => this.fail(error, () => events.emit('del', () => ({ key, error }))),
    );
  }

  async deleteAll(keys: readonly string[]): Promise<void> {
    const { events } = this.parts;
    const deleteIn = async (link: StoreLink): Promise<Attempt<unknown>> => {
      const deleted = await Promise.all(keys.map((key) => link.delete(key)));
      return deleted.find(({ ok }) => !ok) ?? { ok: true, value: true };
    };
    await this.change(keys, deleteIn).then(
      () => events.emit('mdel', () => ({ keys })),
      (error: unknown) => this.fail(error, () => events.emit('mdel', () => ({ keys, error }))),
    );
  }

  async clear(): Promise<void> {
    const { events } = this.parts;
    await this.change(undefined, (link) => link.clear()).then(
      () => events.emit('clear', () => undefined),
      (error: unknown) => this.fail(error, () => events.emit('clear', () => error)),
    );
  }

  /** Settles when what was not waited for has ended; each of these has a deadline. */
  async settled(): Promise<void> {
    await Promise.all(this.pending);
  }

  /** Tells all stores; rejects with the first failure. Before and after it nothing older may be stored. */
  private async change(
    keys: readonly string[] | undefined,
    tell: (link: StoreLink) => Promise<Attempt<unknown>>,
  ): Promise<void> {
    this.note(keys);
    const all = Promise.all(this.parts.links.map(tell)).then((attempts) => {
      this.note(keys);
      return attempts.find(({ ok }) => !ok);
    });
    if (this.parts.settings.nonBlocking) {
      this.pending.add(all);
      void all.finally(() => this.pending.delete(all)).catch(() => {});
      return;
    }
    const failed = await all;
    if (failed !== undefined && !failed.ok) throw failed.error;
  }

  private note(keys: readonly string[] | undefined): void {
    const { changes } = this.parts;
    if (keys === undefined) changes.changeAll();
    else for (const key of keys) changes.changeKey(key);
    this.outdate(keys);
  }

  /** Tells of a failure, and throws it where a store threw it. */
  private fail(error: unknown, tell: () => void): void {
    tell();
    if (isThrownByStore(error)) throw error;
  }
}

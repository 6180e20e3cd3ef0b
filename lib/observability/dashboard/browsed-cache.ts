import { createHash } from 'node:crypto';
import type { CacheRegistry, HotKey, IndexedCache } from '../../cache/index.js';
import { canonical, NOT_PRIMITIVE, parseCanonicalPrimitive, type SnapshotReport } from '../../core/index.js';
import type { EventsToFollow } from './live-stream.js';
import type { Pause } from './pauses.js';
import { shownText } from './shown-text.js';
import { kindOf, valuePreview } from './value-preview.js';
import type { KeyLabel } from './wire.js';

/** What is known of an entry, whichever kind of cache has it. */
export interface BrowsedEntry {
  readonly value: unknown;
  readonly ageMs: number | undefined;
  readonly ttlLeftMs: number;
  readonly groups: readonly string[];
  readonly tier?: string;
  readonly weight?: number;
  readonly stale?: boolean;
}

/** What the dashboard asks of a `Cache`, and of a `MemoryCache`, which answers at once. */
export interface BrowsableCache {
  readonly codec?: IndexedCache<unknown, unknown>['codec'];
  /** A `MemoryCache` gives all of them, whatever the group. */
  keys(options?: { readonly group?: string }): AsyncIterable<unknown> | Iterable<unknown>;
  entry(key: unknown): Promise<BrowsedEntry | undefined> | BrowsedEntry | undefined;
  invalidate(key: unknown): Promise<boolean> | boolean;
  invalidateGroup(group: string): Promise<number> | number;
  invalidateMatching(pattern: string): Promise<number> | number;
  clear(): Promise<void> | void;
  snapshot(target: string): Promise<SnapshotReport>;
  stats(): { readonly size: number };
  readonly events$: EventsToFollow;
  /** Only of a `Cache`. */
  hotKeys?(k: number): readonly HotKey<unknown>[];
}

/** Longer texts are known by their hash, so that an id fits into an address. */
const LONGEST_ID = 300;
/** Of a key as it stands in a list. */
const LONGEST_LABEL = 200;

/**
 * The keys of one cache by ids that the page can send back. An id tells its key from all others of the cache, whatever
 * their types: it begins with `s` for a string and `=` for another primitive, and holds the key; `~` is a hash of the
 * text of an object, or of a long string, and `#` the number of an object that is compared by identity. Only what the last
 * two stand for is searched for.
 */
export class BrowsedCache {
  constructor(
    readonly cache: BrowsableCache,
    private readonly objects: ObjectNumbers,
  ) {}

  id(key: unknown): string {
    if (typeof key === 'string') return isShort(key) ? `s${key}` : hashed(key);
    if (typeof key === 'symbol') return hashed(`symbol ${String(key)}`);
    if ((typeof key !== 'object' || key === null) && typeof key !== 'function') return `=${canonical(key)}`;
    const text = this.structureOf(key);
    return text === undefined ? `#${this.objects.of(key)}` : hashed(`object ${text}`);
  }

  /** The whole text of a key, as patterns and events see it. */
  text(key: unknown): string {
    if (typeof key === 'string') return key;
    if ((typeof key !== 'object' || key === null) && typeof key !== 'function') return String(key);
    return this.structureOf(key) ?? valuePreview(key).text.replace(/\s+/g, ' ');
  }

  /**
   * Shows the keys that are in memory, or those of a group, to `visit`, the next victim first, until it answers `true`.
   * A cache that answers at once is gone through without a promise for each key.
   */
  async visit(group: string | undefined, visit: (key: unknown) => boolean, pause: Pause): Promise<void> {
    const keys = this.cache.keys(group === undefined ? undefined : { group });
    if (Symbol.iterator in keys) {
      for (const key of keys) {
        if ((group === undefined || this.isOfGroup(key, group)) && visit(key)) return;
        const wait = pause();
        if (wait !== undefined) await wait;
      }
      return;
    }
    for await (const key of keys) {
      if (visit(key)) return;
      const wait = pause();
      if (wait !== undefined) await wait;
    }
  }

  private isOfGroup(key: unknown, group: string): boolean {
    const entry = this.cache.entry(key) as BrowsedEntry | undefined; // what gives its keys at once gives this so too
    return entry?.groups.includes(group) === true;
  }

  label(key: unknown): KeyLabel {
    const text = this.text(key);
    return { id: this.id(key), text: shownText(text, LONGEST_LABEL), kind: kindOf(key), length: text.length };
  }

  /** The key of an id; `undefined` when it has left, or never was there. */
  async find(id: string, pause: Pause): Promise<{ readonly key: unknown } | undefined> {
    if (id.startsWith('s')) return { key: id.slice(1) };
    if (id.startsWith('=')) {
      const key = parseCanonicalPrimitive(id.slice(1));
      return key === NOT_PRIMITIVE ? undefined : { key };
    }
    let found: { readonly key: unknown } | undefined;
    const isMeant = (key: unknown): boolean => {
      if (!this.maySearch(id, key) || this.id(key) !== id) return false;
      found = { key };
      return true;
    };
    await this.visit(undefined, isMeant, pause);
    return found;
  }

  /** Spares the hash of keys that cannot be meant. */
  private maySearch(id: string, key: unknown): boolean {
    if (typeof key === 'string') return id.startsWith('~') && !isShort(key);
    if (typeof key !== 'object' || key === null) return typeof key === 'symbol' || typeof key === 'function';
    return id.startsWith('~') || this.objects.has(key);
  }

  /** What makes two objects one key, where the cache compares them by what they hold. */
  private structureOf(key: unknown): string | undefined {
    const { codec } = this.cache;
    return codec?.text(codec.index(key));
  }
}

/** Gives objects numbers, without keeping them. */
export class ObjectNumbers {
  private readonly numbers = new WeakMap<object, number>();
  private last = 0;

  has(key: object): boolean {
    return this.numbers.has(key);
  }

  of(key: object): number {
    let number = this.numbers.get(key);
    if (number === undefined) this.numbers.set(key, (number = ++this.last));
    return number;
  }
}

/** The cache of a name, of either kind. */
export function browsable(registry: CacheRegistry, name: string): BrowsableCache {
  return registry.get(name) as unknown as BrowsableCache; // both kinds have these members
}

/** Whether it fits into an address, and survives it. */
function isShort(text: string): boolean {
  return text.length <= LONGEST_ID && !/\p{Cs}/u.test(text);
}

function hashed(text: string): string {
  // In UTF-16, so that texts that are not well-formed differ too.
  return `~${createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('base64url')}`;
}

import {
  bytesForSnapshot,
  replaySnapshot,
  takeSnapshot,
  valueFromSnapshot,
  type SnapshotEntry,
} from '../../codec/index.js';
import { isCacheError } from '../../core/index.js';
import type { CacheParts } from '../parts/cache-parts.js';
import { HALF_LIFE_MS } from '../statistics/hot-keys.js';

/** As many as the cache knows. */
const MOST_KEYS = 100;

/** A key of the last run, and how often it was asked for. */
export interface RememberedKey<K> {
  readonly key: K;
  readonly lookups: number;
}

/**
 * The keys that a cache was asked for most, in a file: written and read as snapshots are, checked and replaced in one step.
 * The counts of the last run go on fading in this one, so that a restart, and the loads of the warming, change no order.
 */
export class HotKeyFile<K, V> {
  /** Of the last run, as they were at an instant of this one. */
  private lastRun: { readonly atMs: number; readonly keys: readonly RememberedKey<K>[] } | undefined;

  constructor(
    private readonly path: string,
    private readonly parts: CacheParts<K, V>,
  ) {}

  /** Keeps the hottest keys; a cache that nobody asked leaves the file as it is. */
  async save(): Promise<void> {
    const { parts } = this;
    const { clock, name, settings, hotKeys } = parts;
    const asked = hotKeys.top(MOST_KEYS, parts);
    if (asked.length === 0) return;
    const hottest = this.withLastRun(asked);
    const walked = hottest.values();
    const { serializer } = settings;
    await takeSnapshot<RememberedKey<K>, never>(this.path, {
      header: {
        kind: 'hot-keys',
        cache: name,
        takenAtMs: clock.epochMs(),
        serializerId: serializer.id,
        serializer: serializer.name,
        policy: '',
        bound: 'size',
      },
      walk: {
        step: () => {
          const { value, done } = walked.next();
          return done === true ? undefined : { kind: 'entry', entry: value as RememberedKey<K> };
        },
        end: () => {},
      },
      elapsedMs: () => 0,
      total: hottest.length,
      recordOf: (remembered) => this.recordOf(remembered),
      textOf: () => undefined,
      state: () => [],
      requireOpen: () => {},
      progress: () => {},
    });
  }

  /** The hottest first; none where there is no file. Rejects when it is damaged or of another cache. */
  async load(): Promise<RememberedKey<K>[]> {
    const { clock, name, settings, codec } = this.parts;
    const remembered: RememberedKey<K>[] = [];
    const keyOf = ({ key, keyBytes }: SnapshotEntry): K => {
      // Whatever was asked for under this name was a K.
      const given = keyBytes === undefined ? codec.key(codec.indexOfName(key)) : undefined;
      return given ?? (valueFromSnapshot(settings.serializer, keyBytes ?? new Uint8Array()) as K);
    };
    try {
      await replaySnapshot(this.path, {
        kind: 'hot-keys',
        cache: name,
        serializer: settings.serializer,
        nowMs: () => clock.now(),
        epochMs: () => clock.epochMs(),
        requireOpen: () => {},
        progress: () => {},
        begin: () => ({
          prepare: () => {},
          entry: (record) => {
            remembered.push({ key: keyOf(record), lookups: record.numbers[0] ?? 0 });
            return 'restored';
          },
          undo: () => {},
          end: () => {},
        }),
      });
    } catch (error) {
      if (!isCacheError(error, 'CACHE_SNAPSHOT') || !('failure' in error) || error.failure !== 'missing') throw error;
    }
    this.lastRun ??= { atMs: clock.now(), keys: remembered };
    return hottestFirst(remembered);
  }

  private withLastRun(asked: readonly RememberedKey<K>[]): RememberedKey<K>[] {
    const { codec, clock } = this.parts;
    const { atMs, keys } = this.lastRun ?? { atMs: 0, keys: [] };
    const left = 0.5 ** ((clock.now() - atMs) / HALF_LIFE_MS);
    const known = new Map(asked.map((each) => [codec.index(each.key), each]));
    for (const { key, lookups } of keys) {
      const index = codec.index(key);
      known.set(index, { key, lookups: lookups * left + (known.get(index)?.lookups ?? 0) });
    }
    return hottestFirst(known.values()).slice(0, MOST_KEYS);
  }

  private recordOf({ key, lookups }: RememberedKey<K>): SnapshotEntry | undefined {
    const { codec, settings } = this.parts;
    const index = codec.index(key);
    const name = codec.nameOf(index);
    if (name === undefined) return undefined;
    const isNamed = codec.key(index) !== undefined || key === undefined;
    return {
      kind: 'entry',
      key: name,
      keyBytes: isNamed ? undefined : bytesForSnapshot(settings.serializer, key),
      value: undefined,
      leftMs: Infinity,
      ttlMs: Infinity,
      ttlLeftMs: Infinity,
      ttiMs: Infinity,
      groups: [],
      weight: undefined,
      version: undefined,
      notes: [],
      numbers: [lookups],
    };
  }
}

function hottestFirst<K>(keys: Iterable<RememberedKey<K>>): RememberedKey<K>[] {
  return [...keys].sort((a, b) => b.lookups - a.lookups);
}

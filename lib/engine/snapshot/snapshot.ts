import {
  bytesForSnapshot,
  replaySnapshot,
  takeSnapshot,
  taggedSerializer,
  valueFromSnapshot,
  type EntryOutcome,
  type LogReplay,
  type Serializer,
  type SnapshotEntry,
} from '../../codec/index.js';
import {
  CacheClosedError,
  canonical,
  NOT_PRIMITIVE,
  parseCanonicalPrimitive,
  type SnapshotReport,
  type SnapshotSource,
  type SnapshotTarget,
} from '../../core/index.js';
import type { ChangeJournal } from './change-journal.js';
import type { SavedEntry } from './saved-entry.js';
import type { SnapshotSubject } from './snapshot-subject.js';
import { StoreRestore } from './store-restore.js';
import { StoreWalk } from './store-walk.js';

/*
 * Snapshots of a MemoryCache: the only file of this layer that knows bytes. It is loaded when the first snapshot is taken
 * or restored, and with it the files and streams of Node.
 */

/** Writes what a cache holds. */
export function writeMemory<K, V>(
  subject: SnapshotSubject<K, V>,
  target: string | SnapshotTarget,
): Promise<SnapshotReport> {
  const { store, clock, name, bound } = subject;
  const serializer = serializerOf(subject);
  const startedMs = clock.now();
  return takeSnapshot<SavedEntry<K, V>, K>(target, {
    header: {
      kind: 'memory',
      cache: name,
      takenAtMs: clock.epochMs(),
      serializerId: serializer.id,
      serializer: serializer.name,
      policy: store.policy.notedAs ?? '',
      bound,
    },
    walk: new StoreWalk(store),
    elapsedMs: () => clock.now() - startedMs,
    total: store.size,
    // Field by field: a rest and a spread of each take longer than all that is done with it.
    recordOf: ({ key, value, groups, ttlMs, ttiMs, leftMs, ttlLeftMs, weight, notes = [] }, elapsedMs) => {
      const text = textOfKey(key);
      if (text === undefined) return undefined;
      return {
        kind: 'entry',
        key: text,
        keyBytes: undefined,
        value: bytesForSnapshot(serializer, value),
        leftMs: leftMs + elapsedMs,
        ttlMs,
        ttlLeftMs: ttlLeftMs + elapsedMs,
        ttiMs,
        groups,
        weight,
        version: undefined,
        notes,
        numbers: [],
      };
    },
    textOf: textOfKey,
    state: () => store.policy.state?.() ?? [],
    requireOpen: () => requireOpen(subject),
    progress: (done, total) => subject.progress(done, total),
  });
}

/** Brings back what a snapshot holds, but for what has been changed since `journal` was begun. */
export function readMemory<K, V>(
  subject: SnapshotSubject<K, V>,
  source: string | SnapshotSource,
  journal: ChangeJournal<K>,
): Promise<SnapshotReport> {
  const { name, clock, store, bound } = subject;
  const serializer = serializerOf(subject);
  return replaySnapshot(source, {
    kind: 'memory',
    cache: name,
    serializer,
    nowMs: () => clock.now(),
    epochMs: () => clock.epochMs(),
    requireOpen: () => requireOpen(subject),
    progress: (done, total) => subject.progress(done, total),
    begin: ({ header, state, entries, weight }) => {
      const isOneUnit = header.bound === bound && bound !== 'memory';
      const isOnePolicy = header.policy !== '' && header.policy === store.policy.notedAs;
      const restore = new StoreRestore(store, state, { entries, weight: header.bound === bound ? weight : undefined });
      return new MemoryReplay<K, V>(restore, serializer, journal, isOneUnit, isOnePolicy);
    },
  });
}

class MemoryReplay<K, V> implements LogReplay {
  constructor(
    private readonly restore: StoreRestore<K, V>,
    private readonly serializer: Serializer,
    private readonly journal: ChangeJournal<K>,
    /** Whether weights are taken over; bytes are estimated anew, of the values as they are here. */
    private readonly keepsWeights: boolean,
    private readonly keepsNotes: boolean,
  ) {}

  prepare(): void {}

  entry(record: SnapshotEntry, elapsedMs: number): EntryOutcome {
    const key = keyOfText(record.key) as K;
    const { groups, ttlMs, ttiMs, weight, notes } = record;
    const leftMs = record.leftMs - elapsedMs;
    if (leftMs <= 0) return 'expired';
    if (this.journal.concerns(key, groups)) return 'outdated';
    const value = valueFromSnapshot(this.serializer, record.value ?? new Uint8Array()) as V;
    return this.restore.entry({
      key,
      value,
      groups,
      ttlMs,
      ttiMs,
      leftMs,
      ttlLeftMs: record.ttlLeftMs - elapsedMs,
      weight: this.keepsWeights ? weight : undefined,
      notes: this.keepsNotes ? notes : undefined,
    });
  }

  undo(): void {
    this.restore.undo();
  }

  end(): void {
    this.restore.end();
  }
}

function requireOpen<K, V>(subject: SnapshotSubject<K, V>): void {
  if (subject.isDisposed()) throw new CacheClosedError(subject.name);
}

function serializerOf({ serializer }: Pick<SnapshotSubject<unknown, unknown>, 'serializer'>): Serializer {
  return serializer ?? taggedSerializer();
}

const STRING_KEY = 's';
const SYMBOL_KEY = '@';

/** A key as text; `undefined` for objects and symbols, which are not the same ones in another process. */
function textOfKey(key: unknown): string | undefined {
  switch (typeof key) {
    case 'string':
      return STRING_KEY + key;
    case 'function':
      return undefined;
    case 'symbol': {
      const registered = Symbol.keyFor(key);
      return registered === undefined ? undefined : SYMBOL_KEY + registered;
    }
    default:
      return key === null || typeof key !== 'object' ? canonical(key) : undefined;
  }
}

function keyOfText(text: string): unknown {
  if (text.startsWith(STRING_KEY)) return text.slice(STRING_KEY.length);
  if (text.startsWith(SYMBOL_KEY)) return Symbol.for(text.slice(SYMBOL_KEY.length));
  const key = parseCanonicalPrimitive(text);
  if (key === NOT_PRIMITIVE) throw new TypeError(`${text} is no key`);
  return key;
}

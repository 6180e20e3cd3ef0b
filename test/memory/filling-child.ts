import process from 'node:process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CacheRegistry, defineCache, defineMemoryCache, type MemoryOption } from '../../lib/cache/index.js';

/*
 * Fills caches with more than the process may keep, in one of several ways, and tells what became of them: a process whose
 * heap is full ends before.
 */
const [way = '', memory = '', entries = ''] = process.argv.slice(2);

const Loaded = defineCache<string, object>('loaded', { maxSize: 10_000_000, ttl: '1h' });
const Stored = defineCache<string, object>('stored', { maxSize: 10_000_000, ttl: '1h' });
const Sync = defineMemoryCache<string, object>('sync', { maxSize: 10_000_000 });

const registry = new CacheRegistry({ memory: JSON.parse(memory) as MemoryOption });
for (const definition of [Loaded, Stored, Sync]) registry.define(definition);
const loaded = registry.get(Loaded);
const stored = registry.get(Stored);
const sync = registry.get(Sync);

function valueOf(id: number): object {
  return {
    id,
    name: `name of ${id}`,
    scores: Array.from({ length: 500 }, (_, at) => id + at / 2),
    text: `${id}`.repeat(10),
  };
}

/** Entries that are put together take an eighth of the heap before the first of them is put. */
const BATCH = Math.ceil(Number(entries) / 16);
/** So many small entries take as much as one of the others. */
const SMALL = 16;
const HELD = Number(entries) / 6;

function batchFrom(id: number): [string, object][] {
  return Array.from({ length: BATCH }, (_, at) => [`key ${id + at}`, valueOf(id + at)]);
}

const held: object[] = [];
let told = 0;

const WAYS: Record<string, (id: number) => unknown> = {
  // No turn of the event loop, so no timer and no observer.
  'in one go': (id) => sync.put(`key ${id}`, valueOf(id)),
  'between promises': (id) =>
    id % 3 === 0 ? stored.put(`key ${id}`, valueOf(id)) : loaded.getOrLoad(`key ${id}`, () => valueOf(id)),
  'in batches': (id) => (id % BATCH === 0 ? stored.putAll(batchFrom(id)) : undefined),
  'with many small entries, each of which is told of': async (id) => {
    if (id === 0) registry.events$.subscribe(() => void told++);
    for (let at = 0; at < SMALL; at++) await stored.put(`key ${id}, ${at}`, { at });
  },
  'while a third of the heap is taken by others': (id) => {
    if (id < HELD) held.push(valueOf(-id));
    return loaded.getOrLoad(`key ${id}`, () => valueOf(id));
  },
  'over many turns': (id) => (id % 500 === 0 ? nextTurn() : loaded.getOrLoad(`key ${id}`, () => valueOf(id))),
};

const fill = WAYS[way];
if (fill === undefined) throw new Error(`there is no way "${way}"`);
for (let id = 0; id < Number(entries); id++) {
  const waited = fill(id);
  if (waited instanceof Promise) await waited;
}
const sizes = [loaded, stored, sync].map((cache) => cache.stats());
console.log(
  JSON.stringify({
    heard: told,
    size: sizes.reduce((sum, { size }) => sum + size, 0),
    evicted: sizes.reduce((sum, { evictions }) => sum + evictions.memory, 0),
    evictedBySize: sizes.reduce((sum, { evictions }) => sum + evictions.size, 0),
  }),
);
await registry.close();

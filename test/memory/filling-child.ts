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

const WAYS: Record<string, (id: number) => unknown> = {
  // No turn of the event loop, so no timer and no observer.
  'in one go': (id) => sync.put(`key ${id}`, valueOf(id)),
  'between promises': (id) =>
    id % 3 === 0 ? stored.put(`key ${id}`, valueOf(id)) : loaded.getOrLoad(`key ${id}`, () => valueOf(id)),
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
    size: sizes.reduce((sum, { size }) => sum + size, 0),
    evicted: sizes.reduce((sum, { evictions }) => sum + evictions.memory, 0),
    evictedBySize: sizes.reduce((sum, { evictions }) => sum + evictions.size, 0),
  }),
);
await registry.close();

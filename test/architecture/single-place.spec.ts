import { beforeAll, describe, expect, it } from '@jest/globals';
import { findOptionReads } from './option-rules.js';
import { typedLibrary, typedTexts, type TypedSources } from './program.js';
import { readSources, sources, tell } from './sources.js';
import { findWrites } from './write-rules.js';

let library: TypedSources;

beforeAll(() => {
  library = typedLibrary(readSources('lib'));
}, 60_000);

describe('writes to a tier', () => {
  /** Who asks `write` to store, a line for each call. A new caller is a new way for a value to become visible: think of its fence. */
  const CALLERS: readonly string[] = [
    'lib/cache/reads/arrivals.ts', // what a tier below had, against a fence taken before it was asked
    'lib/cache/loads/load-runs.ts', // what a loader returned
    'lib/cache/loads/load-runs.ts', // its error
    'lib/cache/puts.ts', // a caller's value, in memory alone
    'lib/cache/puts.ts', // the same everywhere
    'lib/cache/puts.ts', // a caller's value where there is none
    'lib/cache/puts.ts', // the lifetime of an entry, again
    'lib/cache/changes/removals.ts', // what memory evicted, against the fence of its load
  ];

  it('happen behind one function of lib/cache', () => {
    const { stores, callers } = findWrites(library);

    tell('writes to a tier', { places: stores.length, callers: callers.length });
    // The first brings back what a snapshot has, against the fence of the restore. The last puts the writes of one tick
    // into one call; it is the only way to a tier below.
    expect(stores.toSorted()).toEqual([
      'lib/cache/background/snapshot-replay.ts entry',
      'lib/cache/changes/fenced-writing.ts writeInto',
      'lib/cache/changes/own-put.ts nextTier',
      'lib/cache/changes/own-put.ts replayInto',
      'lib/cache/changes/writing.ts keepInMemory',
      'lib/cache/shared/space-tier.ts send',
    ]);
    expect(callers.toSorted()).toEqual(CALLERS.toSorted());
  });

  it('are found when they happen elsewhere, handed on or by a quoted name', () => {
    const { stores, callers } = findWrites(
      typedTexts(
        sources({
          'lib/engine/store/bounded-store.ts': `export class BoundedStore<K, V> { put(key: K, value: V): boolean { return true; } }`,
          'lib/cache/changes/write.ts': `import { BoundedStore } from '../../engine/store/bounded-store.js';
            export function write(store: BoundedStore<string, string>): void { store.put('a', 'b'); }`,
          'lib/cache/promote.ts': `import { BoundedStore } from '../engine/store/bounded-store.js';
            import { write as store } from './changes/write.js';
            function promote(memory: BoundedStore<string, string>) { memory['put']('a', 'b'); store(memory); }
            class Tiers { handOn(memory: BoundedStore<string, string>) { return memory.put; } }
            class Queue { put() {} fill() { this.put(); } }`,
        }),
      ),
    );

    expect(stores).toEqual([
      'lib/cache/changes/write.ts write',
      'lib/cache/promote.ts promote',
      'lib/cache/promote.ts handOn',
    ]);
    expect(callers).toEqual(['lib/cache/promote.ts']);
  });
});

describe('options', () => {
  it.each([
    { interfaceName: 'CacheOptions', passedAs: [] },
    { interfaceName: 'MemoryCacheOptions', passedAs: ['BoundOptions'] },
    { interfaceName: 'MemoryOptions', passedAs: [] },
  ])('of $interfaceName are each read in one file', ({ interfaceName, passedAs }) => {
    const reads = findOptionReads(library, interfaceName, passedAs);

    tell(`options of ${interfaceName}`, { options: reads.size, readers: new Set([...reads.values()].flat()).size });
    expect(reads.size).toBeGreaterThan(2);
    expect([...reads].filter(([, readers]) => readers.length !== 1)).toEqual([]);
  });

  it('are found wherever they are read', () => {
    const reads = findOptionReads(
      typedTexts(
        sources({
          'lib/cache/api/cache.options.ts': `export interface CacheOptions { readonly ttl?: number; readonly tti?: number; readonly policy?: string; readonly clone?: string }`,
          'lib/cache/settings/settings.ts': `import { CacheOptions } from '../api/cache.options.js';
            export interface Settings { readonly ttl: number }
            export function resolve({ ttl = 5, ...rest }: CacheOptions) { return [ttl, rest['tti'], rest.policy]; }`,
          'lib/cache/lookup.ts': `import { CacheOptions } from './api/cache.options.js';
            import { Settings } from './settings/settings.js';
            function lookUp(settings: Settings, given: CacheOptions) { const { ttl: late } = given; return [settings.ttl, late]; }`,
        }),
      ),
      'CacheOptions',
    );

    expect(Object.fromEntries(reads)).toEqual({
      ttl: ['lib/cache/lookup.ts', 'lib/cache/settings/settings.ts'],
      tti: ['lib/cache/settings/settings.ts'],
      policy: ['lib/cache/settings/settings.ts'],
      clone: [],
    });
  });
});

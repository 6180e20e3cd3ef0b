import { describe, expect, it } from '@jest/globals';
import { MemoryCache, type EvictionPolicy, type PolicyHost, type PolicyName } from '../../../lib/engine/index.js';
import { assertStructure } from '../../../lib/engine/store/structure.js';

function cacheOf(policy: PolicyName, maxSize: number, keys: Iterable<string>): MemoryCache<string, number> {
  const cache = new MemoryCache<string, number>({ policy, maxSize });
  for (const key of keys) cache.put(key, 0);
  return cache;
}

describe('promise Store: LRU, LFU and FIFO evict in exactly the textbook order', () => {
  it('lru evicts what was neither read nor written for the longest time', () => {
    const cache = cacheOf('lru', 3, 'abc');
    cache.get('a');
    cache.put('d', 0);
    expect([...cache.keys()]).toEqual(['c', 'a', 'd']);
    cache.put('c', 1);
    cache.put('e', 0);
    expect([...cache.keys()]).toEqual(['d', 'c', 'e']);
  });

  it('lru takes peek, has and entry for no use', () => {
    const cache = cacheOf('lru', 2, 'ab');
    cache.peek('a');
    cache.has('a');
    cache.entry('a');
    cache.put('c', 0);
    expect(cache.has('a')).toBe(false);
  });

  it('fifo evicts what came first, whatever was read or replaced', () => {
    const cache = cacheOf('fifo', 3, 'abc');
    cache.get('a');
    cache.put('a', 1);
    cache.put('d', 0);
    expect([...cache.keys()]).toEqual(['b', 'c', 'd']);
  });

  it('fifo takes an entry that was removed and put again for a new one', () => {
    const cache = cacheOf('fifo', 3, 'abc');
    cache.invalidate('a');
    cache.put('a', 1);
    cache.put('d', 0);
    expect([...cache.keys()]).toEqual(['c', 'a', 'd']);
  });

  it('lfu evicts what was used least, among equals what was used least recently', () => {
    const cache = cacheOf('lfu', 3, 'abc');
    cache.get('a');
    cache.get('b');
    cache.get('b');
    cache.put('d', 0);
    expect([...cache.keys()]).toEqual(['a', 'd', 'b']);
    cache.get('d');
    expect([...cache.keys()]).toEqual(['a', 'b', 'd']);
  });

  it('lfu lets newcomers overtake what was popular long ago', () => {
    const cache = cacheOf('lfu', 2, '');
    cache.put('old', 0);
    for (let uses = 0; uses < 5; uses++) cache.get('old');
    for (let newcomer = 0; newcomer < 5; newcomer++) cache.put(`n${newcomer}`, 0);
    expect(cache.has('old')).toBe(true);
    for (let newcomer = 5; newcomer < 8; newcomer++) cache.put(`n${newcomer}`, 0);
    expect(cache.has('old')).toBe(false);
  });

  it('lfu keeps counting exactly over tens of thousands of uses', () => {
    const cache = cacheOf('lfu', 3, 'abc');
    for (let uses = 0; uses < 70_000; uses++) cache.get('a');
    for (let uses = 0; uses < 140_000; uses++) cache.get('b');
    for (let uses = 0; uses < 140_001; uses++) cache.get('c');
    assertStructure(cache);
    expect([...cache.keys()]).toEqual(['a', 'b', 'c']);
    cache.put('d', 0);
    cache.put('e', 0);
    expect([...cache.keys()]).toEqual(['e', 'b', 'c']);
    cache.invalidate('e');
    cache.resize(1);
    expect([...cache.keys()]).toEqual(['c']);
    cache.put('f', 0);
    expect([...cache.keys()]).toEqual(['f']);
    assertStructure(cache);
  });
});

describe('a policy of the user', () => {
  /** Evicts what came last. */
  class Stack implements EvictionPolicy {
    readonly told: string[] = [];
    private readonly list;
    constructor(readonly host: PolicyHost) {
      this.list = host.newList();
    }
    onInsert(slot: number): void {
      this.list.append(slot);
    }
    onAccess(slot: number): void {
      this.told.push(`access ${slot} ${this.host.weightOf(slot)}`);
    }
    onUpdate(slot: number, previousWeight: number): void {
      this.told.push(`update ${slot} ${previousWeight}`);
    }
    onRemove(slot: number): void {
      this.list.remove(slot);
    }
    onEvict(slot: number): void {
      this.told.push(`evict ${slot}`);
      this.list.remove(slot);
    }
    nextVictim(): number {
      return this.list.last;
    }
    slots(): number[] {
      return [...this.list].reverse();
    }
    grow(capacity: number): void {
      this.told.push(`grow ${capacity}`);
    }
    resize(maximum: number): void {
      this.told.push(`resize ${maximum}`);
    }
    clear(): void {
      this.list.clear();
    }
  }

  it('decides what goes, and is told of everything', () => {
    let policy: Stack | undefined;
    const cache = new MemoryCache<string, number>({ maxSize: 2, policy: (host) => (policy = new Stack(host)) });
    cache.put('a', 1);
    cache.put('b', 2);
    cache.put('c', 3);
    expect([...cache.keys()]).toEqual(['c', 'a']);
    cache.get('a');
    cache.put('a', 4);
    cache.resize(5);
    assertStructure(cache);
    expect(policy?.told).toEqual(['evict 1', 'access 0 1', 'update 0 1', 'resize 5']);
    expect([policy?.host.maximum, policy?.host.weighted, policy?.host.capacity]).toEqual([5, false, 16]);
  });

  it('is told when slots beyond its arrays come', () => {
    let policy: Stack | undefined;
    const cache = new MemoryCache<number, number>({ maxSize: 100, policy: (host) => (policy = new Stack(host)) });
    for (let key = 0; key < 100; key++) cache.put(key, key);
    expect(policy?.told).toEqual(['grow 32', 'grow 64', 'grow 100']);
  });

  it('is reported when it names no entry, and the cache is as it was', () => {
    const cache = new MemoryCache<string, number>({
      maxSize: 1,
      policy: (host) => Object.assign(new Stack(host), { nextVictim: () => -1 }),
    });
    cache.put('a', 1);
    expect(() => cache.put('b', 2)).toThrow(expect.objectContaining({ code: 'CACHE_MISUSE' }));
    expect([...cache.entries()]).toEqual([['a', 1]]);
  });
});

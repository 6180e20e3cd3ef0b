import { describe, expect, it } from '@jest/globals';
import { ThreadsStore, threadsMemory, type ThreadsMemory } from '../../../../lib/backends/threads/index.js';
import { FakeClock } from '../../../../lib/testing/index.js';
import { inspect } from '../../../backends/threads/inspect.js';

function storeOf(memory: ThreadsMemory = threadsMemory({ maxBytes: '1mb' }), space = 'store') {
  const clock = new FakeClock();
  return { clock, memory, store: new ThreadsStore({ memory, clock, space }) };
}

const bytesOf = (length: number, byte = 7): Uint8Array => new Uint8Array(length).fill(byte);

describe('ThreadsStore', () => {
  it('gives copies of what was put, to every store of the memory', () => {
    const { memory, store } = storeOf();
    const { store: other } = storeOf(memory);
    const bytes = bytesOf(100);
    expect(store.put('a', bytes)).toBe(true);
    bytes.fill(0);
    other.get('a')?.fill(1);
    expect(other.get('a')).toEqual(bytesOf(100));
    expect(store.get('b')).toBe(undefined);
  });

  it('keeps what earlier copies hold when it gives out more', () => {
    const { store } = storeOf();
    for (let at = 0; at < 300; at++) store.put(`k${at}`, bytesOf(at, at));
    const copies = Array.from({ length: 300 }, (_, at) => store.get(`k${at}`));
    expect(copies).toEqual(copies.map((_, at) => bytesOf(at, at)));
  });

  it('copies into bytes of the caller, as many as fit, and tells how many there are', () => {
    const { store } = storeOf();
    store.put('a', bytesOf(5));
    store.put('none', new Uint8Array(0));
    const target = new Uint8Array(8);
    expect([store.copyTo('a', target), store.copyTo('none', target), store.copyTo('b', target)]).toEqual([5, 0, -1]);
    expect([...target]).toEqual([7, 7, 7, 7, 7, 0, 0, 0]);
    const small = new Uint8Array(2);
    expect([store.copyTo('a', small), ...small]).toEqual([5, 7, 7]);
  });

  it('finds nothing any more when its time has come, to the millisecond', () => {
    const { store, clock } = storeOf();
    store.put('a', bytesOf(1), { ttl: 5_000 });
    store.put('b', bytesOf(1));
    clock.advance(4_999);
    expect([store.has('a'), store.get('a')?.length]).toEqual([true, 1]);
    clock.advance(1);
    expect([store.has('a'), store.get('a'), store.copyTo('a', bytesOf(1))]).toEqual([false, undefined, -1]);
    clock.advance(1e9);
    expect(store.has('b')).toBe(true);
  });

  it('invalidates for every store of the memory, and lists what is there', () => {
    const { memory, store } = storeOf();
    const { store: other } = storeOf(memory);
    const { store: elsewhere } = storeOf(memory, 'elsewhere');
    for (const key of ['a', 'ä', '漢', '']) store.put(key, bytesOf(1));
    elsewhere.put('a', bytesOf(2));
    other.invalidate('a');
    expect([...store.keys()].toSorted()).toEqual(['', 'ä', '漢']);
    expect([...elsewhere.keys()]).toEqual(['a']);
  });

  it('takes values up to maxEntryBytes; of larger ones nothing stays, also not what was there before', () => {
    const { store } = storeOf();
    expect(store.maxEntryBytes).toBe(32 * 1_024);
    expect(store.put('a', bytesOf(store.maxEntryBytes))).toBe(true);
    expect(store.get('a')).toEqual(bytesOf(store.maxEntryBytes));
    expect(store.put('a', bytesOf(store.maxEntryBytes + 1))).toBe(false);
    expect(store.get('a')).toBe(undefined);
  });

  it.each([
    ['space', { space: 1 }],
    ['ttl', { ttl: 0 }],
    ['memory', { memory: {} }],
    ['clok', { clok: 1 }],
  ])('names a wrong option: %s', (option, given) => {
    const memory = threadsMemory({ maxBytes: '1mb' });
    expect(() => new ThreadsStore({ memory, ...(given as object) })).toThrow(option);
  });
});

describe('promise Store: the memory of threads', () => {
  it('never takes more than maxBytes, whatever is put, and stays in use', () => {
    for (const maxBytes of ['1mb', '3mb', '10mb', '33mb'] as const) {
      const { buffer } = threadsMemory({ maxBytes });
      const bound = Number.parseInt(maxBytes) * 2 ** 20;
      expect(buffer.byteLength).toBeLessThanOrEqual(bound);
      expect(buffer.byteLength).toBeGreaterThan(bound * 0.85);
    }
  });

  it('keeps what is read again and again while other entries pass through', () => {
    const { store } = storeOf();
    for (let at = 0; at < 20; at++) store.put(`hot${at}`, bytesOf(100));
    for (let at = 0; at < 40_000; at++) {
      store.put(`cold${at}`, bytesOf(100));
      if (at % 50 === 0) for (let hot = 0; hot < 20; hot++) store.get(`hot${hot}`);
    }
    const hot = Array.from({ length: 20 }, (_, at) => store.has(`hot${at}`)).filter(Boolean).length;
    const cold = Array.from({ length: 40_000 }, (_, at) => store.has(`cold${at}`)).filter(Boolean).length;
    // A segment may be given to another class whatever is in it, and a bucket may overflow.
    expect(hot).toBeGreaterThan(15);
    expect(cold).toBeGreaterThan(2_000);
  });

  it('gives the place of entries that have expired to others before it evicts what lives', () => {
    const { store, clock } = storeOf();
    for (let at = 0; at < 1_500; at++) store.put(`short${at}`, bytesOf(300), { ttl: 1_000 });
    for (let at = 0; at < 500; at++) store.put(`long${at}`, bytesOf(300));
    clock.advance(1_000);
    for (let at = 0; at < 1_000; at++) store.put(`new${at}`, bytesOf(300));
    const living = Array.from({ length: 500 }, (_, at) => store.has(`long${at}`)).filter(Boolean).length;
    expect(living).toBeGreaterThan(450);
  });

  it('takes values of another size when values of one size had filled it', () => {
    const { memory, store } = storeOf();
    for (const size of [50, 3_000, 400, 20_000, 50]) {
      for (let at = 0; at < 8_000; at++) store.put(`${size}:${at % 2_000}`, bytesOf(size));
      const kept = Array.from({ length: 2_000 }, (_, at) => store.has(`${size}:${at}`)).filter(Boolean).length;
      expect([size, kept > Math.min(900, 300_000 / size) / 4]).toEqual([size, true]);
    }
    expect(inspect(memory, 'store').problems).toEqual([]);
  });
});

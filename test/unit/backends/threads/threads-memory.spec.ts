import { afterEach, describe, expect, it } from '@jest/globals';
import { setEnvironmentData } from 'node:worker_threads';
import { shareMemory, threadsMemory, ThreadsStore, threadsTier } from '../../../../lib/backends/threads/index.js';

afterEach(() => setEnvironmentData('nestjs-strata:threads-memory', undefined));

describe('threadsMemory', () => {
  it.each([
    ['maxBytes', {}],
    ['maxBytes', { maxBytes: '1kb' }],
    ['maxBytes', { maxBytes: '5gb' }],
    ['maxBytes', { maxBytes: 'much' }],
    ['usualEntryBytes', { maxBytes: '1mb', usualEntryBytes: 1 }],
    ['maxEntryBytes', { maxBytes: '1mb', maxEntryBytes: '1mb' }],
    ['maxbytes', { maxBytes: '1mb', maxbytes: 1 }],
    ['options', undefined],
  ])('names a wrong option: %s', (option, given) => {
    expect(() => threadsMemory(given as { maxBytes: string })).toThrow(option);
  });

  it('takes entries as large as it was told', () => {
    const memory = threadsMemory({ maxBytes: '64mb', maxEntryBytes: '2mb' });
    const store = new ThreadsStore({ memory });
    expect(store.maxEntryBytes).toBe(2 ** 21);
    expect(store.put('a', new Uint8Array(2 ** 21).fill(3))).toBe(true);
    expect(store.get('a')?.length).toBe(2 ** 21);
  });
});

describe('a tier or store without the option memory', () => {
  it('uses what was shared', () => {
    const memory = threadsMemory({ maxBytes: '1mb' });
    shareMemory(memory);
    new ThreadsStore().put('a', new Uint8Array(1));
    expect(new ThreadsStore({ memory }).has('a')).toBe(true);
    expect(threadsTier().capabilities.scope).toBe('process');
  });

  it('says what to do when nothing was', () => {
    expect(() => threadsTier()).toThrow('shareMemory(memory)');
  });
});

describe('a memory', () => {
  it('of another version of this package is refused', () => {
    const memory = threadsMemory({ maxBytes: '1mb' });
    new Int32Array(memory.buffer)[0] = 1;
    expect(() => threadsTier({ memory })).toThrow('another version');
  });

  it('can be cloned into another thread', () => {
    const memory = threadsMemory({ maxBytes: '1mb' });
    new ThreadsStore({ memory }).put('a', new Uint8Array(9));
    expect(new ThreadsStore({ memory: structuredClone(memory) }).get('a')?.length).toBe(9);
  });

  it.each([{ name: 'memory' }, { clock: {} }, { memmory: 1 }])('is not used with a wrong option: %j', (given) => {
    const memory = threadsMemory({ maxBytes: '1mb' });
    expect(() => threadsTier({ memory, ...(given as object) })).toThrow(Object.keys(given)[0]);
  });
});

/*
 * What is done with a store. Each mix has a universe of keys (a multiple of the capacity), a sequence of indices into
 * it, and one loop, which tallies what an honest store must answer. Values come from a small pool that the index tells,
 * so every hit is checked for its value and nothing is allocated by the workload.
 */
import { filled, uniform, zipf } from '../harness/sequences.mjs';

const POOL_SIZE = 1_024;
const POOL = Array.from({ length: POOL_SIZE }, (_, index) => ({ index }));
export const valueOf = (index) => POOL[index & (POOL_SIZE - 1)];

export const MIXES = {
  'get-or-put': {
    title: 'get-or-put, zipf(0.99) over 4 × capacity',
    universe: 4,
    sequence: (length, universe) => zipf(length, universe, 0.99, 1),
    // The tally is the hits. They depend on the order of eviction only: the parent compares them between libraries.
    run(store, keys, sequence) {
      let hits = 0;
      for (let at = 0; at < sequence.length; at++) {
        const index = sequence[at];
        const key = keys[index];
        const value = store.find(key);
        if (value === undefined) store.store(key, POOL[index & (POOL_SIZE - 1)]);
        else if (value === POOL[index & (POOL_SIZE - 1)]) hits++;
        else return -1;
      }
      return hits;
    },
    expected: undefined,
  },

  hit: {
    title: 'get, all present',
    universe: 1,
    sequence: (length, universe) => uniform(length, universe, 2),
    run(store, keys, sequence) {
      let hits = 0;
      for (let at = 0; at < sequence.length; at++) {
        const index = sequence[at];
        if (store.find(keys[index]) === POOL[index & (POOL_SIZE - 1)]) hits++;
      }
      return hits;
    },
    expected: (operations) => operations,
  },

  fresh: {
    title: 'get, all present, key built per call',
    universe: 1,
    sequence: (length, universe) => uniform(length, universe, 3),
    run(store, _keys, sequence) {
      let hits = 0;
      for (let at = 0; at < sequence.length; at++) {
        const index = sequence[at];
        if (store.find(`user:${index}`) === POOL[index & (POOL_SIZE - 1)]) hits++;
      }
      return hits;
    },
    expected: (operations) => operations,
  },

  put: {
    title: 'put of a new key, evicting another',
    universe: 1,
    // Each pass has keys that no pass had before it: whatever the order of eviction, none of them is there.
    isNew: true,
    sequence: (length, universe) => filled(length, (at) => at % universe),
    run(store, keys, sequence) {
      for (let at = 0; at < sequence.length; at++) {
        const index = sequence[at];
        store.store(keys[index], POOL[index & (POOL_SIZE - 1)]);
      }
      return sequence.length;
    },
    expected: (operations) => operations,
  },

  update: {
    title: 'put of a present key',
    universe: 1,
    sequence: (length, universe) => uniform(length, universe, 4),
    run(store, keys, sequence) {
      for (let at = 0; at < sequence.length; at++) {
        const index = sequence[at];
        store.store(keys[index], POOL[index & (POOL_SIZE - 1)]);
      }
      return sequence.length;
    },
    expected: (operations) => operations,
  },

  delete: {
    title: 'delete of a present key and put of it',
    universe: 1,
    sequence: (length, universe) => uniform(length, universe, 5),
    run(store, keys, sequence) {
      let dropped = 0;
      for (let at = 0; at < sequence.length; at++) {
        const index = sequence[at];
        if (store.drop(keys[index])) dropped++;
        store.store(keys[index], POOL[index & (POOL_SIZE - 1)]);
      }
      return dropped;
    },
    expected: (operations) => operations,
  },
};

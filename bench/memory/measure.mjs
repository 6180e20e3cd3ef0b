import assert from 'node:assert/strict';
import { permutation } from '../harness/sequences.mjs';
import { cpuSource, startStopwatch } from '../harness/stopwatch.mjs';
import { LIBRARIES } from './libraries.mjs';
import { MIXES, valueOf } from './mixes.mjs';

const KEYS = {
  string: (index) => `user:${index}`,
  number: (index) => index,
};

/** Fills a store to its capacity, runs the first half of a sequence to warm up, and measures the second. */
export async function measure({ library, mix, capacity, keys: kind, ttl, operations }) {
  const { universe: factor, sequence: sequenceOf, run, expected } = MIXES[mix];
  const universe = factor * capacity;
  const keys = Array.from({ length: universe }, (_, index) => KEYS[kind](index));
  const store = await LIBRARIES[library]({ capacity, mix, ttl });

  const warmUp = Math.max(operations >> 1, mix === 'put' ? capacity : 0);
  const sequence = sequenceOf(warmUp + operations, universe);
  // The put mix goes round: its first keys are put again when as many others followed as fit.
  const fill = mix === 'put' ? permutation(universe).subarray(capacity) : permutation(universe).subarray(0, capacity);
  for (const index of fill) store.store(keys[index], valueOf(index));
  assert.equal(store.size(), capacity, 'the store is full before anything is measured');
  run(store, keys, sequence.subarray(0, warmUp));

  const measured = sequence.subarray(warmUp);
  const stop = startStopwatch();
  const tally = run(store, keys, measured);
  const times = stop();

  if (expected === undefined)
    assert.ok(tally > 0.4 * operations && tally < operations, `${tally} hits are not plausible`);
  else assert.equal(tally, expected(operations), 'every operation finds what it must');
  assert.equal(store.size(), capacity, 'the store holds its capacity afterwards');
  checkContent({ store, keys, mix, measured, capacity });
  store.check?.(mix === 'get-or-put' || mix === 'hit' || mix === 'fresh' ? tally : 0);
  return { ...times, operations, tally, cpuSource };
}

/** What was put last is there, with its value; what the put mix pushed out is not. */
function checkContent({ store, keys, mix, measured, capacity }) {
  for (const index of measured.subarray(-100)) {
    assert.equal(store.find(keys[index]), valueOf(index), `the value of ${keys[index]} is the one that was put`);
  }
  if (mix === 'put') {
    const { length } = measured;
    for (const index of measured.subarray(length - capacity - 100, length - capacity)) {
      assert.equal(store.find(keys[index]), undefined, `${keys[index]} was evicted`);
    }
  }
}

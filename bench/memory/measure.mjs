import assert from 'node:assert/strict';
import { permutation } from '../harness/sequences.mjs';
import { cpuSource, startStopwatch } from '../harness/stopwatch.mjs';
import { LIBRARIES } from './libraries.mjs';
import { MIXES, valueOf } from './mixes.mjs';

const KEYS = {
  string: (index) => `user:${index}`,
  number: (index) => index,
  'string-40': (index) => `https://api.example.org/users/${String(index).padStart(10, '0')}`,
  'string-1000': (index) => `${'a'.repeat(500)}${String(index).padStart(10, '0')}${'z'.repeat(490)}`,
  object: (index) => ({ index }),
  mixed: (index) => [index, `user:${index}`, { index }, `a longer key, of the user ${index}`][index % 4],
  // All in one bucket of a table that takes the number for its hash.
  multiples: (index) => index << 12,
};

/** Libraries that evict in another order than that of use. */
const OTHER_ORDER = ['strata-default'];

/**
 * Fills a store to its capacity and runs passes over it, each by one half of a sequence in turns: first some to warm up,
 * then those that are measured.
 */
export async function measure({ library, mix, capacity, keys: kind, ttl, length, warmUps, passes }) {
  const { universe: factor, sequence: sequenceOf, run, expected } = MIXES[mix];
  const universe = factor * capacity;
  const keys = Array.from({ length: universe }, (_, index) => KEYS[kind](index));
  const sequence = sequenceOf(2 * length, universe);
  const halves = [sequence.subarray(0, length), sequence.subarray(length)];
  const store = await LIBRARIES[library]({ capacity, mix, ttl });

  // The put mix goes round its keys: full with the later half of them, the store has none of those that come first.
  const fill = permutation(universe).subarray(universe - capacity);
  for (const index of fill) store.store(keys[index], valueOf(index));
  assert.equal(store.size(), capacity, 'the store is full before anything is measured');
  for (let pass = 0; pass < warmUps; pass++) run(store, keys, halves[pass % 2]);

  let tally = 0;
  const stop = startStopwatch();
  for (let pass = warmUps; pass < warmUps + passes; pass++) tally += run(store, keys, halves[pass % 2]);
  const times = stop();

  const operations = length * passes;
  if (expected === undefined)
    assert.ok(tally > 0.4 * operations && tally < operations, `${tally} hits are not plausible`);
  else assert.equal(tally, expected(operations), 'every operation finds what it must');
  assert.equal(store.size(), capacity, 'the store holds its capacity afterwards');
  const last = (warmUps + passes - 1) % 2;
  if (!OTHER_ORDER.includes(library))
    checkContent({ store, keys, mix, latest: [...halves[1 - last], ...halves[last]].slice(-capacity - 100), capacity });
  store.check?.(mix === 'get-or-put' || mix === 'hit' || mix === 'fresh' ? tally : 0);
  return { ...times, operations, tally, cpuSource };
}

/** What was put last is there, with its value; what the put mix pushed out is not. */
function checkContent({ store, keys, mix, latest, capacity }) {
  for (const index of latest.slice(-100)) {
    assert.equal(store.find(keys[index]), valueOf(index), `the value of ${keys[index]} is the one that was put`);
  }
  if (mix !== 'put') return;
  assert.equal(latest.length, capacity + 100, 'the sequence tells what was put a capacity ago');
  for (const index of latest.slice(0, 100)) {
    assert.equal(store.find(keys[index]), undefined, `${keys[index]} was evicted`);
  }
}

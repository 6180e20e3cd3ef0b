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
 * then those that are measured. Where a mix is about new keys each pass has its own, made before its time is taken.
 */
export async function measure({ library, mix, capacity, keys: kind, ttl, length, warmUps, passes }) {
  const { universe: factor, sequence: sequenceOf, run, expected, isNew = false } = MIXES[mix];
  const universe = factor * capacity;
  const sequence = sequenceOf(2 * length, isNew ? length : universe);
  const halves = [sequence.subarray(0, length), sequence.subarray(length)];
  const store = await LIBRARIES[library]({ capacity, mix, ttl });

  let keys = namesOf(kind, 0, universe);
  for (const index of permutation(universe).subarray(universe - capacity)) store.store(keys[index], valueOf(index));
  assert.equal(store.size(), capacity, 'the store is full before anything is measured');

  let tally = 0;
  const times = { cpuNs: 0, wallNs: 0 };
  let before = keys;
  for (let pass = 0; pass < warmUps + passes; pass++) {
    if (isNew) {
      before = keys;
      keys = namesOf(kind, universe + pass * length, length);
    }
    const stop = startStopwatch();
    const found = run(store, keys, halves[pass % 2]);
    const { cpuNs, wallNs } = stop();
    if (pass < warmUps) continue;
    tally += found;
    times.cpuNs += cpuNs;
    times.wallNs += wallNs;
  }

  const operations = length * passes;
  if (expected === undefined)
    assert.ok(tally > 0.4 * operations && tally < operations, `${tally} hits are not plausible`);
  else assert.equal(tally, expected(operations), 'every operation finds what it must');
  assert.equal(store.size(), capacity, 'the store holds its capacity afterwards');
  const last = (warmUps + passes - 1) % 2;
  if (isNew) checkNew({ store, keys, before, inOrder: !OTHER_ORDER.includes(library), capacity });
  else if (!OTHER_ORDER.includes(library)) checkLatest(store, keys, halves[last]);
  store.check?.(mix === 'get-or-put' || mix === 'hit' || mix === 'fresh' ? tally : 0);
  return { ...times, operations, tally, cpuSource };
}

function namesOf(kind, from, count) {
  return Array.from({ length: count }, (_, at) => KEYS[kind](from + at));
}

/** What was asked for or put last is there, with its value. */
function checkLatest(store, keys, sequence) {
  for (const index of sequence.subarray(-100)) {
    assert.equal(store.find(keys[index]), valueOf(index), `the value of ${keys[index]} is the one that was put`);
  }
}

/** Of the keys that were put in the last pass and the one before it: the latest are there, and none that is too many. */
function checkNew({ store, keys, before, inOrder, capacity }) {
  const latest = [...before, ...keys].slice(-capacity - 100);
  const isThere = (key) => store.find(key) !== undefined;
  assert.ok(latest.filter(isThere).length <= capacity, 'not more keys are there than fit');
  if (!inOrder) return;
  assert.ok(latest.slice(-100).every(isThere), 'what was put last is there');
  assert.ok(!latest.slice(0, 100).some(isThere), 'what was put before the last that fit was evicted');
}

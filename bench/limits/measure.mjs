/*
 * What a store takes and how long it stops the program: bytes per entry beside key and value, and pauses, garbage
 * collection included.
 */
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { cpuSource, startStopwatch } from '../harness/stopwatch.mjs';
import { zipf } from '../harness/sequences.mjs';
import { LIBRARIES } from '../memory/libraries.mjs';

const KINDS = { bytes: measureBytes, pauses: measurePauses };

export async function measure({ library, capacity, ttl, kind }) {
  const open = () => LIBRARIES[library]({ capacity, mix: 'put', ttl });
  const stop = startStopwatch();
  const numbers = await KINDS[kind](open, capacity);
  return { ...stop(), operations: 1, tally: 0, cpuSource, numbers };
}

/** Full, and full again after twice as many other keys have gone through. */
async function measureBytes(open, capacity) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  const used = () => {
    for (let round = 0; round < 4; round++) collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const value = {};
  const keys = namesOf('user', capacity);
  const others = namesOf('other', 2 * capacity);
  const before = used();
  const store = await open();
  for (const key of keys) store.store(key, value);
  const filled = used() - before;
  for (const key of others) store.store(key, value);
  for (const key of keys) store.store(key, value);
  const churned = used() - before;
  assert.equal(store.size(), capacity, 'the store is full');
  assert.equal(keys.length + others.length, 3 * capacity, 'the keys are still there: they do not count');
  return { filled: filled / capacity, churned: churned / capacity };
}

/** The longest put of a store that grows, of one that evicts with each put, and one of a thousand of a mix of both kinds. */
async function measurePauses(open, capacity) {
  const store = await open();
  const names = namesOf('user', 4 * capacity);
  const growing = longest(names.slice(0, capacity), (key) => store.store(key, {}));
  const evicting = longest(names.slice(capacity), (key) => store.store(key, {}));
  const sequence = zipf(capacity, 4 * capacity, 0.99, 1);
  const spans = new Float64Array(sequence.length);
  let at = 0;
  longest(
    sequence,
    (index) => {
      if (store.find(names[index]) === undefined) store.store(names[index], {});
    },
    (ms) => (spans[at++] = ms),
  );
  spans.sort();
  return { growing, evicting, p999: spans[Math.floor(spans.length * 0.999)] };
}

function longest(items, step, each = () => {}) {
  let most = 0;
  for (const item of items) {
    const startedAt = performance.now();
    step(item);
    const ms = performance.now() - startedAt;
    if (ms > most) most = ms;
    each(ms);
  }
  return most;
}

/** Strings of one piece. Those that are put together become so when they are first looked up, and take less from then on. */
function namesOf(prefix, count) {
  return Array.from({ length: count }, (_, index) => Buffer.from(`${prefix}:${index}`).toString('latin1'));
}

/* What it costs to read bytes that another thread has put. */
import assert from 'node:assert/strict';
import { zipf } from '../harness/sequences.mjs';
import { cpuSource, startStopwatch } from '../harness/stopwatch.mjs';
import { LIBRARIES } from './libraries.mjs';

export async function measure({ library, keys, bytes, length, warmUps }) {
  const entries = Array.from({ length: keys }, (_, at) => [`user:profile:${at}`, new Uint8Array(bytes).fill(at)]);
  const store = await LIBRARIES[library](entries, 192 * 2 ** 20);
  const names = entries.map(([key]) => key);
  // A message takes so long that fewer of them tell as much.
  const sequence = zipf(library === 'message' ? length / 50 : length, keys, 0.99, 1);
  const pass = store.isAsync ? passAsync : passSync;
  for (let warmUp = 0; warmUp < warmUps; warmUp++) await pass(store, names, sequence);
  const stop = startStopwatch();
  const tally = await pass(store, names, sequence);
  const times = stop();
  assert.equal(tally, sequence.length * bytes, 'every read finds its bytes');
  await store.close();
  return { ...times, operations: sequence.length, tally, cpuSource };
}

function passSync({ find }, names, sequence) {
  let bytes = 0;
  for (const index of sequence) bytes += find(names[index])?.length ?? 0;
  return bytes;
}

async function passAsync({ find }, names, sequence) {
  let bytes = 0;
  for (const index of sequence) bytes += (await find(names[index]))?.length ?? 0;
  return bytes;
}

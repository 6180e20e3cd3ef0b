import assert from 'node:assert/strict';
import { cpuSource, startStopwatch } from '../harness/stopwatch.mjs';
import { KINDS } from './kinds.mjs';

const STEPS_AT_ONCE = 1_000;

/** Makes steps of one kind, one after the other. */
export async function measure({ library, warmUpMs, measureMs }) {
  const { step, check } = await KINDS[library]();
  const pass = () => {
    for (let made = 0; made < STEPS_AT_ONCE; made++) step();
  };
  for (const end = performance.now() + warmUpMs; performance.now() < end;) pass();
  let operations = 0;
  const stop = startStopwatch();
  for (const end = performance.now() + measureMs; performance.now() < end; operations += STEPS_AT_ONCE) pass();
  const times = stop();
  assert.ok(check(), 'what was to be counted is counted');
  return { ...times, operations, cpuSource };
}

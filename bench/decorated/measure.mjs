import assert from 'node:assert/strict';
import { permutation } from '../harness/sequences.mjs';
import { cpuSource, startStopwatch } from '../harness/stopwatch.mjs';
import { SHAPES, USERS } from './shapes.mjs';

/** Awaits hits one after the other for `measureMs` of wall time, after `warmUpMs` of the same. */
export async function measure({ library, shape, warmUpMs, measureMs }) {
  const { open } = await import(`./libraries/${library}.mjs`);
  const subject = await open(shape);
  const calls = Array.from(permutation(USERS), (index) => SHAPES[shape].argumentsOf(index));
  const pass = shape === 'two' ? passOfTwo : passOfOne;

  await pass(subject.users, calls);
  assert.equal(subject.loads(), USERS, 'the first pass loads every user once');
  if (shape === 'busy') await keepBusy(subject.others, warmUpMs);
  let warmUpCalls = 0;
  for (const end = performance.now() + warmUpMs; performance.now() < end; warmUpCalls += USERS) {
    await pass(subject.users, calls);
  }

  let operations = 0;
  let right = 0;
  const stop = startStopwatch();
  for (const end = performance.now() + measureMs; performance.now() < end; operations += USERS) {
    right += await pass(subject.users, calls);
  }
  const times = stop();

  assert.equal(right, operations, 'every call answers with the user that was asked for');
  const callsInAll = USERS + warmUpCalls + operations;
  assert.equal(subject.loads(), subject.caches ? USERS : callsInAll, 'a cached user is loaded once');
  subject.check?.(callsInAll);
  return { ...times, operations, cpuSource };
}

/** One loop for each number of arguments, so that the loop costs next to nothing and each library has it for itself. */
async function passOfOne(users, calls) {
  let right = 0;
  for (const [id] of calls) {
    const user = await users.find(id);
    if (user.id === id) right++;
  }
  return right;
}

async function passOfTwo(users, calls) {
  let right = 0;
  for (const [tenant, id] of calls) {
    const user = await users.find(tenant, id);
    if (user.id === id && user.tenant === tenant) right++;
  }
  return right;
}

async function keepBusy(others, durationMs) {
  for (const end = performance.now() + durationMs; performance.now() < end;) {
    for (let index = 0; index < 100; index++) {
      for (const call of others) await call(index);
    }
  }
}

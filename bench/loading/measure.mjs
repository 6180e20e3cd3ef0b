import assert from 'node:assert/strict';
import v8 from 'node:v8';
import vm from 'node:vm';
import { permutation } from '../harness/sequences.mjs';
import { cpuSource, startStopwatch } from '../harness/stopwatch.mjs';
import { OPTIONS } from './options.mjs';
import { STAMPEDES } from './stampede.mjs';

export function measure(job) {
  return job.kind === 'stampede' ? measureStampede(job) : measureHit(job);
}

/** `callers` ask at once for a key that nobody has asked for before, again and again. */
async function measureStampede({ library, callers, warmUps, stampedes }) {
  const source = new Source();
  const ask = await STAMPEDES[library]((key) => source.load(key));
  let next = 0;
  const stampede = async (whileTheyWait) => {
    const key = `user:${next++}`;
    const asked = Array.from({ length: callers }, () => ask(key));
    // Libraries that look somewhere first reach their source some turns later.
    while (source.waiting === 0) await aTurn();
    for (let turn = 0; turn < 5; turn++) await aTurn();
    whileTheyWait?.();
    const answers = await answered(source, Promise.all(asked));
    assert.ok(
      answers.every(({ id }) => id === key),
      'every caller gets the user that was asked for',
    );
  };

  for (let warmUp = 0; warmUp < warmUps; warmUp++) await stampede();
  const loadsBefore = source.loads;
  const stop = startStopwatch();
  for (let done = 0; done < stampedes; done++) await stampede();
  const times = stop();
  const loads = (source.loads - loadsBefore) / stampedes;

  const collectGarbage = exposedCollector();
  const heapBytes = () => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const before = heapBytes();
  let during = before;
  await stampede(() => (during = heapBytes()));
  return { ...times, operations: callers * stampedes, loads, bytes: (during - before) / callers, cpuSource };
}

/** Answers those who asked when it is told to. */
class Source {
  loads = 0;
  waiting = 0;
  answers = [];

  load(key) {
    this.loads++;
    this.waiting++;
    return new Promise((resolve) => this.answers.push(() => resolve({ id: key })));
  }

  answer() {
    this.waiting = 0;
    for (const answer of this.answers.splice(0)) answer();
  }
}

/** Answers whoever loads until all who asked have their answer: some load only when the others have theirs. */
async function answered(source, answers) {
  let done = false;
  const settled = answers.finally(() => (done = true));
  while (!done) {
    source.answer();
    await aTurn();
  }
  return settled;
}

function aTurn() {
  return new Promise((resolve) => setImmediate(resolve));
}

function exposedCollector() {
  v8.setFlagsFromString('--expose-gc');
  return vm.runInNewContext('gc');
}

const KEYS = 1_000;

/** Awaits hits one after the other, of a cache that has the option and of which every key is loaded. */
async function measureHit({ library, warmUpMs, measureMs }) {
  const { createCache, defineCache } = await import('nestjs-strata');
  const { options, subscribed } = OPTIONS[library];
  let loads = 0;
  const loader = async (key) => (loads++, { id: key });
  const cache = createCache(defineCache('users', { ttl: '5m', ...(options?.batch ? {} : { loader }), ...options }));
  let events = 0;
  if (subscribed === true) cache.events$.subscribe(() => events++);
  else if (subscribed !== undefined) cache.events$.ofType(subscribed).subscribe(() => events++);
  const keys = Array.from(permutation(KEYS), (index) => `user:${index}`);
  const pass = async () => {
    let right = 0;
    for (const key of keys) {
      const user = await cache.getOrLoad(key);
      if (user.id === key) right++;
    }
    return right;
  };

  await pass();
  for (const end = performance.now() + warmUpMs; performance.now() < end;) await pass();
  const { misses } = cache.stats();
  let operations = 0;
  let right = 0;
  const stop = startStopwatch();
  for (const end = performance.now() + measureMs; performance.now() < end; operations += KEYS) right += await pass();
  const times = stop();
  assert.equal(right, operations, 'every call answers with the user that was asked for');
  assert.equal(cache.stats().misses, misses, 'every call is a hit');
  assert.ok(loads <= KEYS, 'a cached user is loaded once');
  assert.ok(subscribed !== true || events > operations, 'the subscriber hears of every hit');
  assert.ok(subscribed === true || events === 0, 'who asked for other events hears of no hit');
  return { ...times, operations, cpuSource };
}

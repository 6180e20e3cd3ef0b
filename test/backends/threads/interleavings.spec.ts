import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { BucketLocks } from '../../../lib/backends/threads/bucket-locks.js';
import { Claims } from '../../../lib/backends/threads/claims.js';
import type { Geometry } from '../../../lib/backends/threads/geometry.js';
import { Records } from '../../../lib/backends/threads/records.js';
import { everyOrder, type Adversary, type Ending, type Thread } from './interleavings.js';
import { follow, losses, perform, prepare, type KeyState, type Operation, type Outcome } from './one-key.js';
import { entriesOf, smallCells, smallGeometry } from './small-memory.js';
import { SteppedWords } from './stepped-words.js';

/** Operations on one key: some first, then those of each thread, one after the other. */
interface Program extends Adversary {
  readonly before?: readonly Operation[];
  readonly threads: readonly (readonly Operation[])[];
  /** How often a reader looks again. @defaultValue as often as ever */
  readonly readAttempts?: number;
}

/** The first fence that `before` takes. */
const FENCE = '0000000000000000';
const put = (value: number, fence?: string): Operation => ({ do: 'put', value, fence, isPrepared: true });
const allocateAndPut = (value: number): Operation => ({ do: 'put', value });
const remove: Operation = { do: 'remove' };
const get: Operation = { do: 'get' };
const fence: Operation = { do: 'fence' };
const generation: Operation = { do: 'generation' };
const renew: Operation = { do: 'renew' };
const lease = (holder: string): Operation => ({ do: 'lease', holder });
const release = (holder: string): Operation => ({ do: 'release', holder });
const FENCED = [put(1), fence];

/** Runs a program in every order, and holds each ending against the rules. How many runs there were. */
function everyRunKeepsTheRules(
  { before = [], threads, readAttempts, ...adversary }: Program,
  tell: (ending: Ending<Outcome[]>) => void = () => {},
): number {
  const geometry = smallGeometry();
  const cells = smallCells(geometry);
  const state = before.reduce<KeyState>((current, operation) => {
    const outcome = SteppedWords.finish((words) => perform(operation, entriesOf(words, geometry, 0)), cells);
    return follow(operation, current, outcome) ?? current;
  }, {});
  const bodies = threads.map((operations, i): Thread<Outcome[]> => {
    const blocks = SteppedWords.finish((words) => {
      const entries = entriesOf(words, geometry, 0);
      return operations.map((operation) => prepare(operation, entries));
    }, cells);
    return (words) => {
      const entries = entriesOf(words, geometry, i + 1, readAttempts);
      return operations.map((operation, at) => perform(operation, entries, blocks[at]));
    };
  });
  const records = { from: geometry.arenaAt, words: geometry.unitWords };
  return everyOrder(cells, bodies, { ...adversary, records }, (ending) => {
    tell(ending);
    const found = probe(ending.cells, geometry);
    if (explains(threads, ending, state, found)) return;
    throw new Error(`${ending.schedule}: ${JSON.stringify(ending.results)}, then ${JSON.stringify(found)}`);
  });
}

/** What is there in the end, that it can be used as ever, and that no block is in two slots. */
function probe(cells: Int32Array, geometry: Geometry): readonly Outcome[] {
  const after = cells.slice();
  const units = [...after.subarray(geometry.bucketsAt + 2, geometry.claimsAt)]
    .filter((slot) => slot > 0)
    .map((slot) => slot & (2 ** geometry.unitBits - 1));
  if (new Set(units).size < units.length) throw new Error(`a block is in two slots: ${units}`);
  return SteppedWords.finish((words) => {
    const entries = entriesOf(words, geometry, 9);
    return [get, put(9, FENCE), get, remove, get, put(8), get, lease('probe')].map((operation) =>
      perform({ ...operation, ...(operation.do === 'put' && { isPrepared: false }) }, entries),
    );
  }, after);
}

const PROBE: readonly Operation[] = [get, put(9, FENCE), get, remove, get, put(8), get, lease('probe')];

/** Whether some order of whole operations, each after those that had returned before it began, gives what was seen. */
function explains(
  threads: readonly (readonly Operation[])[],
  { results, after, takeovers, deaths }: Ending<Outcome[]>,
  first: KeyState,
  found: readonly Outcome[],
): boolean {
  // Only a thread that ends or stands still costs entries; otherwise nothing may be missing.
  const mayLose = takeovers + deaths > 0;
  const search = (state: KeyState, done: readonly number[]): boolean =>
    (mayLose ? losses(state) : [state]).some((current) => {
      if (done.every((count, i) => count >= (threads[i]?.length ?? 0)) && ends(current)) return true;
      return threads.some((operations, i) => {
        const at = done[i] ?? 0;
        const operation = operations[at];
        if (operation === undefined) return false;
        if (after[i]?.some((other) => (done[other] ?? 0) < (threads[other]?.length ?? 0)) === true) return false;
        const next = done.map((count, other) => (other === i ? count + 1 : count));
        const outcome = results[i]?.[at];
        if (results[i] === undefined && search(current, next)) return true;
        if (operation.do === 'get' && outcome === 'none' && search(current, next)) return true;
        const followed = follow(operation, current, outcome);
        return followed !== undefined && search(followed, next);
      });
    });
  const ends = (state: KeyState): boolean => {
    let current: KeyState | undefined = state;
    for (const [i, operation] of PROBE.entries()) current &&= follow(operation, current, found[i]);
    return current !== undefined;
  };
  return search(
    first,
    threads.map(() => 0),
  );
}

afterEach(() => {
  jest.restoreAllMocks();
});

/** The longer ones take minutes: `npm run test:soak` runs them. */
const RUNS_LONG =
  process.env['npm_lifecycle_event'] === 'test:soak' || process.env['STRATA_THREADS_INTERLEAVINGS'] === 'all';

describe('every order of the steps of threads', () => {
  const SHORT: readonly [string, Program][] = [
    ['two puts', { before: FENCED, threads: [[put(2)], [put(3)]] }],
    ['a removal and a reader', { before: FENCED, threads: [[remove], [get]] }],
    ['a fenced write and a removal', { before: FENCED, threads: [[put(2, FENCE)], [remove]] }],
    ['a fenced write and a put', { before: FENCED, threads: [[put(2, FENCE)], [put(3)]] }],
    ['two fenced writes', { before: FENCED, threads: [[put(2, FENCE)], [put(3, FENCE)]] }],
    ['two who ask for one fence', { before: [put(1)], threads: [[fence], [fence]] }],
    ['two who want a lease', { before: [put(1)], threads: [[lease('a')], [lease('b')]] }],
    ['a release and who wants the lease', { before: [lease('a')], threads: [[release('a')], [lease('b')]] }],
    [
      'a reader of a block that is used again',
      { before: [put(1)], threads: [[remove, allocateAndPut(2)], [get]], readAttempts: 2 },
    ],
    [
      'a fenced write, a removal and a reader',
      { before: FENCED, threads: [[put(2, FENCE)], [remove], [get]], readAttempts: 1 },
    ],
  ];
  const LONG: readonly [string, Program][] = [
    ['a put and a reader', { before: FENCED, threads: [[put(2)], [get]] }],
    ['two who take the first block', { threads: [[lease('a')], [lease('b')]] }],
    ['two who create a generation', { threads: [[generation], [generation]] }],
    ['two who renew a generation', { before: [generation], threads: [[renew], [renew, generation]] }],
    [
      'a fenced write, a put and a reader',
      { before: FENCED, threads: [[put(2, FENCE)], [put(3)], [get]], readAttempts: 2 },
    ],
    ['three writers', { before: FENCED, threads: [[put(2, FENCE)], [put(3)], [remove]] }],
  ];

  it.each(RUNS_LONG ? [...SHORT, ...LONG] : SHORT)('keeps the rules: %s', (_title, program) => {
    expect(everyRunKeepsTheRules(program)).toBeGreaterThan(1);
  });
});

describe('a holder of the lock that stands still, and goes on after another has taken the lock over', () => {
  const SHORT: readonly [string, Program][] = [
    ['a fenced write, by a removal', { before: FENCED, threads: [[put(2, FENCE)], [remove]], takeovers: [0, 1] }],
    ['a removal, by a fenced write', { before: FENCED, threads: [[put(2, FENCE)], [remove]], takeovers: [1, 0] }],
    ['a lease, by a release', { before: [lease('a')], threads: [[lease('a')], [release('a')]], takeovers: [0, 1] }],
  ];
  const LONG: readonly [string, Program][] = [
    ['a fenced write, by another', { before: FENCED, threads: [[put(2, FENCE)], [put(3, FENCE)]], takeovers: [0, 1] }],
    ['either, by the other', { before: FENCED, threads: [[put(2, FENCE)], [remove]], takeovers: [1, 1] }],
    ['a fenced write, by a put', { before: FENCED, threads: [[put(2, FENCE)], [put(3)]], takeovers: [0, 1] }],
    ['a put, by a fenced write', { before: FENCED, threads: [[put(2, FENCE)], [put(3)]], takeovers: [1, 0] }],
    ['a put, by a put', { before: FENCED, threads: [[put(2)], [put(3)]], takeovers: [0, 1] }],
    [
      'a fenced write, by a removal, and a reader',
      { before: FENCED, threads: [[put(2, FENCE)], [remove], [get]], takeovers: [0, 1, 0], readAttempts: 1 },
    ],
  ];

  it.each(RUNS_LONG ? [...SHORT, ...LONG] : SHORT)('changes nothing any more: %s', (_title, program) => {
    expect(everyRunKeepsTheRules(program)).toBeGreaterThan(1);
  });

  it('would be noticed if who takes over left the stamps of empty slots as they are', () => {
    const stampAll = jest.spyOn(BucketLocks.prototype as unknown as { stampAll(): void }, 'stampAll');
    stampAll.mockImplementation(() => {});
    const program = { before: [fence], threads: [[put(2, FENCE)], [remove]], takeovers: [0, 1] };
    expect(() => everyRunKeepsTheRules(program)).toThrow('["true"],["done"]');
  });
});

describe('a thread that dies', () => {
  const SHORT: readonly [string, Program][] = [
    ['a put, beside a removal', { before: FENCED, threads: [[put(2)], [remove]] }],
    ['a fenced write, beside a put', { before: FENCED, threads: [[put(2, FENCE)], [put(3)]] }],
    ['a fenced write, beside another', { before: FENCED, threads: [[put(2, FENCE)], [put(3, FENCE)]] }],
    ['a removal, beside a fenced write', { before: FENCED, threads: [[remove], [put(3, FENCE)]] }],
  ];
  const LONG: readonly [string, Program][] = [
    ['a put that takes its block, beside a put', { before: FENCED, threads: [[allocateAndPut(2)], [put(3)]] }],
    ['a fence, beside a fence', { before: [put(1)], threads: [[fence], [fence]] }],
    ['a lease, beside a lease', { before: [put(1)], threads: [[lease('a')], [lease('b')]] }],
  ];

  it.each(RUNS_LONG ? [...SHORT, ...LONG] : SHORT)(
    'before any of its steps leaves the others with the rules: %s',
    (_title, program) => {
      let step = 0;
      // As long as there is a step to die before.
      for (let deaths = 1; deaths > 0; step++) {
        deaths = 0;
        everyRunKeepsTheRules({ ...program, dies: { thread: 0, step } }, (ending) => (deaths += ending.deaths));
      }
      expect(step).toBeGreaterThan(8);
    },
  );
});

describe('a reader', () => {
  it('would be noticed if it took what it did not confirm', () => {
    jest.spyOn(Claims.prototype, 'confirm').mockReturnValue(true);
    const { copy } = Records.prototype;
    jest.spyOn(Records.prototype, 'copy').mockImplementation(function (this: Records, ...given) {
      copy.apply(this, given);
      return true;
    });
    const program = { before: [put(1)], threads: [[remove, allocateAndPut(2)], [get]], readAttempts: 2 };
    expect(() => everyRunKeepsTheRules(program)).toThrow('torn');
  });
});

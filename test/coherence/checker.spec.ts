import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seededRandom } from '../../lib/core/index.js';
import { check, type Violation } from './checker.js';
import { parseLog, type Change, type History, type Impairment, type Read } from './history.js';
import { simulate } from './simulated-history.js';

const BOUNDS = { connectedMs: 250, cutOffMs: 4_350, settlingMs: 3_000, recoveryMs: 8_000 };

function read(node: string, at: number, version: number, more: Partial<Read> = {}): Read {
  const seen = { version, by: 'load' };
  return { kind: 'read', node, cache: 'c', key: 'k', startedAt: at, endedAt: at + 1, seen, ...more };
}

/** An invalidation of `k` that makes version 2 current, acknowledged at 10. */
function change(more: Partial<Change> = {}): Change {
  const common = { cache: 'c', startedAt: 0, endedAt: 10, isInTier: true } as const;
  return { kind: 'invalidate', id: 'change', node: 'a', floors: [['k', 2]], ...common, ...more };
}

function put(id: string, node: string, version: number, startedAt: number, endedAt: number): Change {
  return change({ kind: 'put', id, node, floors: [['k', version]], startedAt, endedAt });
}

function by(id: string, version: number): Partial<Read> {
  return { seen: { version, by: id } };
}

function kindsIn(
  reads: readonly Read[],
  changes: readonly Change[],
  impairments: readonly Impairment[] = [],
): string[] {
  return check({ reads, changes, impairments }, BOUNDS).violations.map(({ kind }) => kind);
}

const CUT: Impairment = { node: 'b', from: 5, to: 6_000 };
const OWN = 'outdated in its own node';
const CONNECTED = 'outdated while connected';
const CUT_OFF = 'outdated while cut off';

describe('the checker finds', () => {
  it.each<[name: string, found: Violation['kind'], reads: Read[], changes: Change[], impairments?: Impairment[]]>([
    ['an old value in the node that invalidated, at once', OWN, [read('a', 11, 1)], [change()]],
    ['an old value elsewhere after the delay of the bus', CONNECTED, [read('b', 261, 1)], [change()]],
    ['one that is served long after', CONNECTED, [read('b', 90_000, 1)], [change()]],
    ['one after a put', CONNECTED, [read('b', 300, 1)], [change({ kind: 'put' })]],
    [
      'one of a group',
      CONNECTED,
      [read('b', 300, 1)],
      [
        change({
          kind: 'group',
          floors: [
            ['j', 9],
            ['k', 2],
          ],
        }),
      ],
    ],
    [
      'one after a clear',
      CONNECTED,
      [read('b', 300, 1)],
      [
        change({
          kind: 'clear',
          floors: [
            ['j', 9],
            ['k', 2],
          ],
        }),
      ],
    ],
    ['one that comes back after a newer one', CONNECTED, [read('b', 270, 2), read('b', 400, 1)], [change()]],
    ['one in a node that was cut off, after the detection time', CUT_OFF, [read('b', 4_361, 1)], [change()], [CUT]],
    ['one in a node that woke up', CUT_OFF, [read('b', 6_001, 1)], [change()], [{ ...CUT, from: 1 }]],
    [
      'one in a node that was cut off for a moment, and missed it for good',
      CUT_OFF,
      [read('b', 5_000, 1)],
      [change()],
      [{ ...CUT, to: 8 }],
    ],
    [
      'one of a node that was killed after it had been acknowledged',
      CUT_OFF,
      [read('b', 5_000, 1)],
      [change()],
      [{ node: 'a', from: 11, to: Infinity }],
    ],
    [
      'one that nobody repaired when the tier was back',
      CUT_OFF,
      [read('b', 18_400, 1)],
      [change({ isInTier: false })],
      [{ node: undefined, from: 0, to: 6_000 }],
    ],
    [
      'one that was owed by a node, in that node',
      OWN,
      [read('a', 12, 1)],
      [change({ isInTier: false })],
      [{ node: undefined, from: 0, to: 6_000 }],
    ],
    [
      'one of a put that had ended before',
      CONNECTED,
      [read('b', 300, 1, by('put', 1))],
      [put('put', 'b', 1, -20, -10), change()],
    ],
    [
      'a put of which a newer one was lost',
      OWN,
      [read('b', 60, 1, by('p', 1))],
      [put('p', 'a', 1, 0, 10), put('q', 'b', 2, 20, 30)],
    ],
    [
      'nodes that keep different ones of two puts at once',
      'disagreement',
      [read('a', 400, 1, by('p', 1)), read('b', 401, 2, by('q', 2))],
      [put('p', 'a', 1, 0, 10), put('q', 'b', 2, 5, 9)],
    ],
  ])('%s', (...[, found, reads, changes, impairments]) => {
    expect(kindsIn(reads, changes, impairments)).toEqual([found]);
  });

  it('and tells what happened about that time, with both ends marked', () => {
    const { violations } = check(
      { reads: [read('b', -50, 1), read('b', 300, 1), read('c', 310, 2)], changes: [change()], impairments: [] },
      BOUNDS,
    );
    expect(violations).toHaveLength(1);
    const [{ slice, stalenessMs }] = violations as [Violation];
    expect(stalenessMs).toBe(290);
    expect(slice.map((line) => line[0])).toEqual([' ', '»', '»']);
    expect(slice.join('\n')).toContain('change ≥ k:2');
  });
});

describe('the checker permits', () => {
  it.each<[name: string, reads: Read[], changes: Change[], impairments?: Impairment[]]>([
    ['an old value within the delay of the bus', [read('b', 259, 1)], [change()]],
    ['a read that began before the change was acknowledged', [read('a', 9, 1, { endedAt: 800 })], [change()]],
    ['a newer value', [read('b', 9_000, 3)], [change()]],
    ['no value', [read('b', 9_000, 0, { seen: undefined })], [change()]],
    [
      'an old value of another key or cache',
      [read('b', 9_000, 1, { key: 'j' }), read('b', 9_000, 1, { cache: 'd' })],
      [change()],
    ],
    ['anything after a change that was not acknowledged', [read('b', 9_000, 1)], [change({ endedAt: Infinity })]],
    ['an old value in a node that is cut off, until it notices', [read('b', 4_359, 1)], [change()], [CUT]],
    ['one soon after the end of that', [read('b', 4_300, 1)], [change()], [{ ...CUT, to: 2_000 }]],
    [
      'one that the tier could not be told of, until it could',
      [read('b', 18_300, 1)],
      [change({ isInTier: false })],
      [{ node: undefined, from: 0, to: 6_000 }],
    ],
    [
      'one that was lost with the node that owed it',
      [read('b', 90_000, 1)],
      [change({ isInTier: false })],
      [
        { node: 'a', from: 0, to: 20 },
        { node: 'a', from: 5_000, to: Infinity },
      ],
    ],
    [
      'the put that won against a concurrent one',
      [read('b', 400, 1, by('p', 1)), read('a', 401, 1, by('p', 1))],
      [put('p', 'a', 1, 0, 10), put('q', 'b', 2, 5, 9)],
    ],
    [
      'a put whose end nobody knows',
      [read('b', 9_000, 1, by('p', 1))],
      [{ ...put('p', 'a', 1, -9, 0), endedAt: Infinity }, change()],
    ],
  ])('%s', (...[, reads, changes, impairments]) => {
    expect(kindsIn(reads, changes, impairments)).toEqual([]);
  });
});

/** A read of a value from before an acknowledged change, later than any bound. */
function plant({ reads, changes, impairments }: History, pick: number): { history: History; planted: Read } {
  const victim = changes[pick % changes.length] as Change;
  const [key, version] = victim.floors[0] as readonly [string, number];
  const at = Math.max(victim.endedAt, ...impairments.map(({ to }) => to)) + 20_000;
  const planted: Read = {
    kind: 'read',
    node: 'late',
    cache: 'c',
    key,
    startedAt: at,
    endedAt: at,
    seen: { version: version - 1, by: 'old' },
  };
  return { history: { reads: [...reads, planted], changes, impairments }, planted };
}

describe('the checker, over random histories of a simulated cache', () => {
  it('finds nothing in a correct one, and exactly what is planted in it', () => {
    let checked = 0;
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (seed, pick) => {
        const { history, bounds } = simulate(seededRandom(seed), 300);
        const { violations, checkedConnected, checkedCutOff } = check(history, bounds);
        expect(violations.map(({ slice }) => slice.join('\n'))).toEqual([]);
        checked += checkedConnected + checkedCutOff;
        if (history.changes.length === 0) return;
        const { history: broken, planted } = plant(history, pick);
        expect(check(broken, bounds).violations.map((violation) => violation.read)).toEqual([planted]);
      }),
      { numRuns: 150 },
    );
    expect(checked).toBeGreaterThan(150);
  });
});

describe('a log', () => {
  it('tells of changes that never ended, and leaves out a line that was cut off', () => {
    const begun = { kind: 'clear', id: '1', cache: 'c', floors: [['k', 2]], startedAt: 1, isInTier: false } as const;
    const lines = [
      { line: 'begin', change: begun },
      { line: 'begin', change: { ...begun, id: '2' } },
      { line: 'end', id: '1', endedAt: 5 },
      { line: 'read', cache: 'c', key: 'k', at: [6, 7], seen: { version: 2, by: 'x' } },
      { line: 'stall', from: 8, to: 9 },
    ];
    const { reads, changes, impairments } = parseLog(
      'n',
      `${lines.map((line) => `${JSON.stringify(line)}\n`).join('')}{"li`,
    );
    expect(changes.map(({ endedAt }) => endedAt)).toEqual([5, Infinity]);
    expect(reads).toEqual([read('n', 6, 2, by('x', 2))]);
    expect(impairments).toEqual([{ node: 'n', from: 8, to: 9 }]);
  });
});

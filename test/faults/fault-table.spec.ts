import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startChild } from '../processes/child.js';
import { page } from './fault-page.js';
import type { Outcome } from './run-scene.js';
import { cellTable, faultTable, lateWaits, limitOf, MAX_HEAP_GROWTH_BYTES } from './table.js';
import { OPERATIONS } from './workload.js';

/** Much longer than it takes: a busy machine may need several times as long. */
jest.setTimeout(900_000);

const MIN_CELLS = 40;

/*
 * `STRATA_FAULT_MS` makes each fault last longer (800), `STRATA_RECOVERY_MS` is how long recovery may take (10,000), and
 * `STRATA_FAULT_PAGE` names a file that the tables are written to as a page of the docs.
 */
describe('promise Tiers, Fence and Bus: under faults of real servers', () => {
  const outcomes: Outcome[] = [];
  let strays: readonly string[] | undefined;
  let lingering: readonly string[] | undefined;
  let exitCode: unknown;

  beforeAll(async () => {
    const child = startChild(new URL('table-child.ts', import.meta.url));
    const exited = once(child, 'exit');
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      // The child is ours: each line is an outcome, and the last one the strays.
      const told = JSON.parse(line) as
        Outcome | { readonly strays: readonly string[]; readonly lingering: readonly string[] };
      if ('strays' in told) ({ strays, lingering } = told);
      else outcomes.push(told);
    }
    [exitCode] = await exited;
  });

  afterAll(async () => {
    const again = outcomes.filter(({ plays = 1 }) => plays > 1);
    for (const { below, fault, plays } of again) process.stdout.write(`\nplayed ${plays} times: ${below}: ${fault}`);
    process.stdout.write(`\nleft when all was closed: ${lingering?.join(', ') || 'nothing'}\n`);
    process.stdout.write(`\n${cellTable(outcomes)}\n\n${faultTable(outcomes)}\n`);
    const file = process.env['STRATA_FAULT_PAGE'];
    if (file !== undefined) await writeFile(file, page(outcomes));
  });

  const named = <T>(of: (outcome: Outcome) => T): Record<string, T> =>
    Object.fromEntries(outcomes.map((outcome) => [`${outcome.below}: ${outcome.fault}`, of(outcome)]));
  const each = <T>(of: (outcome: Outcome, operation: (typeof OPERATIONS)[number]) => T): [string, T][] =>
    outcomes.flatMap((outcome) =>
      OPERATIONS.map((operation): [string, T] => [
        `${operation}, ${outcome.below}: ${outcome.fault}`,
        of(outcome, operation),
      ]),
    );

  it(`has at least ${MIN_CELLS} cells, in each of which something was called`, () => {
    const calls = each(({ cells }, operation) => cells[operation].calls);
    expect(calls.length).toBeGreaterThanOrEqual(MIN_CELLS);
    expect(calls.filter(([, count]) => count === 0)).toEqual([]);
  });

  it('lets no call of a caller reject', () => {
    expect(each(({ cells }, operation) => cells[operation].firstError).filter(([, error]) => error)).toEqual([]);
  });

  it('lets no caller wait beyond the deadline, the delay of the event loop and 50 ms', () => {
    const late = outcomes.flatMap((outcome) =>
      lateWaits(outcome).map((operation) => ({
        what: `${operation}, ${outcome.below}: ${outcome.fault}`,
        waitedMs: outcome.cells[operation].worstMs,
        limitMs: limitOf(outcome, operation),
        plays: outcome.plays,
      })),
    );
    expect(late).toEqual([]);
  });

  it('never gives what the node itself has outdated, nor what nobody stored', () => {
    const bad = each(({ cells }, operation) => cells[operation].outdated + cells[operation].wrong);
    expect(bad.filter(([, count]) => count > 0)).toEqual([]);
  });

  it('recovers by itself, from each fault', () => {
    const unrecovered = Object.entries(named((outcome) => outcome.unrecovered));
    expect(unrecovered.filter(([, why]) => why !== undefined)).toEqual([]);
  });

  it('brings nothing outdated back, in memory or in the tier', () => {
    expect(Object.entries(named(({ staleAfter }) => staleAfter)).filter(([, count]) => count > 0)).toEqual([]);
  });

  it('keeps no memory', () => {
    const grown = Object.entries(named(({ heapGrowthBytes }) => heapGrowthBytes));
    expect(grown.filter(([, bytes]) => bytes > MAX_HEAP_GROWTH_BYTES)).toEqual([]);
  });

  it('lets nothing reach the process that nobody handles', () => {
    expect(strays).toEqual([]);
    expect(exitCode).toBe(0);
  });
});

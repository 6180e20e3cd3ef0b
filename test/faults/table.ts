import type { Outcome } from './run-scene.js';
import { OPERATIONS, type Operation } from './workload.js';

/** Between the end of a deadline and whoever waits for it. */
export const SLACK_MS = 50;
/** What a scene may leave in the heap of its process. */
export const MAX_HEAP_GROWTH_BYTES = 8 * 2 ** 20;

const ms = (value: number): string => value.toFixed(0);

/** How long an operation may have taken at most. */
export function limitOf({ cells, loopDelayMs }: Outcome, operation: Operation): number {
  return cells[operation].deadlineMs + loopDelayMs + SLACK_MS;
}

/** The waits that were too long. */
export function lateWaits(outcome: Outcome): readonly Operation[] {
  return OPERATIONS.filter((operation) => outcome.cells[operation].worstMs > limitOf(outcome, operation));
}

/** One line for each fault, and one for each operation under it. */
export function cellTable(outcomes: readonly Outcome[]): string {
  const head = [
    'below memory',
    'fault',
    'operation',
    'calls',
    'errors',
    'worst wait',
    'deadline',
    'loop delay',
    'outdated',
  ];
  const rows = outcomes.flatMap((outcome) =>
    OPERATIONS.map((operation) => {
      const { calls, errors, worstMs, deadlineMs, outdated, wrong } = outcome.cells[operation];
      const waits = [`${ms(worstMs)} ms`, `${ms(deadlineMs)} ms`, `${ms(outcome.loopDelayMs)} ms`];
      return [outcome.below, outcome.fault, operation, `${calls}`, `${errors}`, ...waits, `${outdated + wrong}`];
    }),
  );
  return aligned([head, ...rows]);
}

/** One line for each fault: what became of it. */
export function faultTable(outcomes: readonly Outcome[]): string {
  const head = [
    'below memory',
    'fault',
    'what the nodes do',
    'errors',
    'recovered after',
    'stale then',
    'lost',
    'heap',
  ];
  const rows = outcomes.map((outcome) => {
    const errors = OPERATIONS.reduce((sum, operation) => sum + outcome.cells[operation].errors, 0);
    const recovered = outcome.recoveredMs === undefined ? 'never' : `${ms(outcome.recoveredMs)} ms`;
    const lost = `${outcome.lost} of ${outcome.kept}`;
    const heap = `${(outcome.heapGrowthBytes / 2 ** 20).toFixed(1)} MB`;
    return [
      outcome.below,
      outcome.fault,
      outcome.expected,
      `${errors}`,
      recovered,
      `${outcome.staleAfter}`,
      lost,
      heap,
    ];
  });
  return aligned([head, ...rows]);
}

/** As a table of Markdown, which reads well as text, too. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[], fill = ' '): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] as number, fill)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  const rule = line(
    head.map(() => '-'),
    '-',
  );
  return [line(head), rule, ...body.map((row) => line(row))].join('\n');
}

import type { Reading } from './drive.js';
import { percentile } from './percentile.js';

/** A line of the table. */
export interface PhaseResult extends Reading {
  readonly name: string;
}

const COLUMNS = ['', 'requests', 'p50 ms', 'p90 ms', 'p99 ms', 'requests/s', 'queries', 'queries/request', 'hit rate'];

/** The phases as a table, one a line. */
export function table(phases: readonly PhaseResult[]): string {
  const rows = [COLUMNS, ...phases.map(row)];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows.map((cells) => cells.map((cell, column) => pad(cell, column, widths)).join('  ')).join('\n');
}

function row(result: PhaseResult): string[] {
  const { name, requests, seconds, queries, hitRate, latencies } = result;
  return [
    name,
    String(requests),
    ...[0.5, 0.9, 0.99].map((share) => percentile(latencies, share).toFixed(1)),
    (requests / seconds).toFixed(0),
    String(queries),
    (requests === 0 ? 0 : queries / requests).toFixed(2),
    `${(100 * hitRate).toFixed(1)}%`,
  ];
}

function pad(cell: string, column: number, widths: readonly number[]): string {
  const width = widths[column] ?? 0;
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

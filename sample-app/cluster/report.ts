import { percentile } from '../load/percentile.js';
import type { Sight } from './users.js';

/** A line of the table. */
export interface PhaseSight {
  readonly name: string;
  readonly seconds: number;
  readonly sight: Sight;
}

const COLUMNS = ['', 'reads/s', 'edits', 'errors', 'p50 ms', 'p99 ms', 'worst ms', 'stale reads', 'stale by ms'];

/** What users saw, one phase a line. */
export function table(phases: readonly PhaseSight[]): string {
  const rows = [COLUMNS, ...phases.map(row)];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
      .trimEnd();
  return rows.map(line).join('\n');
}

function row({ name, seconds, sight }: PhaseSight): string[] {
  const latencies = [...sight.latencies].sort((a, b) => a - b);
  return [
    name,
    (sight.reads / seconds).toFixed(0),
    String(sight.edits),
    String(sight.errors),
    ...[0.5, 0.99, 1].map((share) => percentile(latencies, share).toFixed(1)),
    String(sight.staleReads),
    sight.staleReads === 0 ? '-' : sight.oldestStaleMs.toFixed(0),
  ];
}

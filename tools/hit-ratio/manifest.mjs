import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { table } from './table.mjs';
import { UsageError } from './usage-error.mjs';

/** Where lru is this close to the optimum there is no gap to speak of. */
const SMALLEST_GAP = 0.005;
const NOTICEABLE = 0.005;

/**
 * The traces of a manifest: `{ traces: { name: { file, reference: [{ size, hit: { LRU, Belady, … } }] } } }`, files beside
 * it, hit ratios from 0 to 1.
 */
export async function readManifest(file) {
  let manifest;
  try {
    manifest = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`cannot read the manifest ${file}: ${error.message}`);
  }
  if (typeof manifest?.traces !== 'object') throw new UsageError(`${file} has no "traces"`);
  return Object.entries(manifest.traces).map(([name, trace]) => {
    if (!Array.isArray(trace.reference)) throw new UsageError(`${file}: trace ${name} has no "reference"`);
    return { name, file: join(dirname(file), trace.file), reference: trace.reference };
  });
}

/** Figures over all rows, for the policies that ran and for the columns of the reference. */
export function summarise(rows, policies) {
  const known = [...new Set(rows.flatMap((row) => Object.keys(row.reference)))];
  const lines = [
    ...policies.map((policy) => figures(policy, rows, (row) => row.hit[policy], columnOf(policy, known))),
    ...known.map((column) => figures(`reference ${column}`, rows, (row) => row.reference[column], undefined)),
  ];
  const head = ['', 'gap closed', 'mean hit ratio', 'rows below LRU', 'farthest from reference'];
  return table(head, lines);
}

function figures(name, rows, hitOf, column) {
  const present = rows.filter((row) => hitOf(row) !== undefined);
  const below = present.filter((row) => hitOf(row) < row.reference.LRU - NOTICEABLE).length;
  const known = present.filter((row) => row.reference[column] !== undefined);
  const distances = known.map((row) => Math.abs(hitOf(row) - row.reference[column]));
  return [
    name,
    `${(gapClosed(present, hitOf) * 100).toFixed(2)} %`,
    `${(mean(present.map(hitOf)) * 100).toFixed(2)} %`,
    `${below} of ${present.length}`,
    distances.length === 0 ? '-' : `${(Math.max(...distances) * 100).toFixed(2)} points`,
  ];
}

/** The mean over traces of the mean over sizes of (hit − LRU) / (Belady − LRU), each within ±1. */
function gapClosed(rows, hitOf) {
  const byTrace = new Map();
  for (const row of rows) {
    const { LRU, Belady } = row.reference;
    if (Belady - LRU < SMALLEST_GAP) continue;
    const closed = Math.max(-1, Math.min(1, (hitOf(row) - LRU) / (Belady - LRU)));
    byTrace.set(row.name, [...(byTrace.get(row.name) ?? []), closed]);
  }
  return mean([...byTrace.values()].map(mean));
}

function mean(numbers) {
  return numbers.reduce((sum, number) => sum + number, 0) / Math.max(1, numbers.length);
}

function columnOf(policy, columns) {
  return columns.find((column) => column.toLowerCase() === policy);
}

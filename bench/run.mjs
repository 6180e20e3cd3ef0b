/*
 * npm run bench: how fast a decorated hit and the memory cache are, as ratios to the bare method and to the peers.
 *
 * Each measurement is a process of its own. The rounds are interleaved: first every row once, then every row again, so
 * that what slows the machine down for a while slows all of them down, and a ratio compares two neighbours in time.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { readFlags, USAGE } from './flags.mjs';
import { runChild } from './harness/child.mjs';
import { makeFolder, removeFolder, versions } from './harness/folder.mjs';
import { minutes, Progress } from './harness/progress.mjs';
import { planWorkloads } from './plan.mjs';
import { report } from './report.mjs';
import { results } from './results.mjs';

const RESULTS = fileURLToPath(new URL('RESULTS.md', import.meta.url));

const flags = readFlagsOrExplain();
const workloads = planWorkloads(flags);
const rows = workloads.flatMap((workload) => workload.libraries.map((library) => ({ workload, library, rounds: [] })));
if (rows.length === 0) {
  console.error('bench: no row matches --only; --list shows them all');
  process.exit(1);
}
if (flags.list) {
  for (const { workload, library } of rows) console.log(`${workload.id} ${library}`);
  process.exit(0);
}

const startedAt = performance.now();
console.error(`bench: packing, then ${rows.length} rows in ${flags.rounds} rounds`);
const folder = await makeFolder(flags).catch((error) => {
  console.error(`bench: ${error.message}`);
  process.exit(1);
});
process.once('SIGINT', () => removeFolder(folder).finally(() => process.exit(130)));
const installed = await versions(folder);
const problems = [];
try {
  await measureAll();
  problems.push(...disagreements());
  const seconds = (performance.now() - startedAt) / 1_000;
  const text = report({ workloads, rows, flags, versions: installed, problems, took: minutes(seconds) });
  console.log(text);
  const out = flags.out ?? (flags.isWhole && problems.length === 0 ? RESULTS : undefined);
  if (out === undefined) console.error('bench: bench/RESULTS.md is kept as it was');
  else await writeFile(out, await format(text, { ...(await resolveConfig(RESULTS)), parser: 'markdown' }));
  if (flags.json !== undefined) await writeFile(flags.json, `${JSON.stringify(results(rows, installed), null, 2)}\n`);
} finally {
  await removeFolder(folder);
}
process.exitCode = problems.length === 0 ? 0 : 1;

async function measureAll() {
  const progress = new Progress(rows.length * flags.rounds);
  for (let round = 0; round < flags.rounds; round++) {
    for (const workload of workloads) {
      for (const row of turned(rowsOf(workload), round)) {
        const name = `${workload.id} ${row.library}`;
        try {
          const result = await runChild(folder, { ...workload.job, library: row.library }, flags.profileFolder);
          row.rounds[round] = result;
          const each = (result.cpuNs / result.operations).toFixed(0);
          progress.step(`round ${round + 1}  ${name}  ${each} ns`);
        } catch (error) {
          problems.push(`${name}, round ${round + 1}: ${error.message}`);
          progress.step(`round ${round + 1}  ${name}  FAILED: ${error.message}`);
        }
      }
    }
  }
}

/** Another library begins in each round. */
function turned(items, round) {
  const first = round % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

function rowsOf(workload) {
  return rows.filter((row) => row.workload === workload);
}

/** Stores that evict in the same order have the same hits, to the last one. */
function disagreements() {
  return workloads
    .filter(({ mix }) => mix === 'get-or-put')
    .flatMap((workload) => {
      const ordered = rowsOf(workload).filter(({ library }) => library !== 'map' && library !== 'strata-default');
      const tallies = ordered.flatMap(({ library, rounds }) => rounds.map(({ tally }) => `${library} ${tally}`));
      const different = new Set(tallies.map((text) => text.split(' ')[1]));
      return different.size > 1 ? [`${workload.id}: not the hits of an LRU: ${[...new Set(tallies)].join(', ')}`] : [];
    });
}

function readFlagsOrExplain() {
  try {
    const flags = readFlags(process.argv.slice(2));
    if (flags.help) {
      console.log(USAGE);
      process.exit(0);
    }
    return flags;
  } catch (error) {
    console.error(`bench: ${error.message}\n\n${USAGE}`);
    process.exit(1);
  }
}

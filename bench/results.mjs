import { pairedRatios, spread } from './harness/statistics.mjs';
import { TITLES } from './plan.mjs';

const cpuTime = ({ cpuNs, operations }) => cpuNs / operations;

/** The rows as data: for each the CPU time of an operation, as a ratio to the base and in nanoseconds, or what was counted. */
export function results(rows, versions) {
  const byRow = new Map(rows.map((row) => [`${row.workload.id} ${row.library}`, row.rounds]));
  return {
    measured: `${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}`,
    versions: Object.fromEntries(versions),
    rows: rows.map(({ workload, library, rounds }) => ({
      workload: workload.id,
      library: TITLES[library] ?? library,
      ...figures(rounds, byRow.get(`${workload.id} ${workload.base}`) ?? []),
    })),
  };
}

function figures(rounds, base) {
  const present = rounds.filter(Boolean);
  if (present.length === 0) return {};
  const [{ numbers }] = present;
  if (numbers === undefined) {
    return { ratio: pairedRatios(rounds, base, cpuTime)?.median, ns: spread(present.map(cpuTime)).median };
  }
  const medians = Object.keys(numbers).map((name) => [
    name,
    spread(present.map((round) => round.numbers[name])).median,
  ]);
  return { numbers: Object.fromEntries(medians) };
}

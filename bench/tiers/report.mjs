import { grid, section } from '../harness/markdown.mjs';
import { spread } from '../harness/statistics.mjs';
import { TITLES } from '../plan.mjs';

const wallTime = ({ wallNs, operations }) => wallNs / operations;

/** Those of other workloads' titles that say something else here. */
const STORE_TITLES = { 'cache-manager': 'cache-manager, @keyv/redis', bentocache: 'bentocache, Redis alone' };

const SPAN_TITLES = {
  groupOf100: 'a group of 100 entries is invalidated, ms',
  groupOfAll: 'a group of all entries is invalidated, ms',
  busMedian: 'a message of the bus, median, ms',
  busP99: 'a message of the bus, p99, ms',
  scan: 'all keys of Redis are listed, ms',
  scanDelayP99: 'the delay of the event loop meanwhile, p99, ms',
};

/** The sections about what is outside the process; by wall time, since servers work too. */
export function tiers(workloads, table) {
  const ofKind = (kind) => workloads.filter((workload) => workload.kind === kind);
  return [stores(ofKind('store'), table), hits(ofKind('memory-hit'), table), spans(ofKind('spans'), table)];
}

function stores(workloads, table) {
  if (workloads.length === 0) return undefined;
  const libraries = [...new Set(workloads.flatMap((workload) => workload.libraries))];
  const titleOf = ({ operation, callers }) => `${operation}, ${callers === 1 ? 'one caller' : `${callers} callers`}`;
  const lines = libraries.map((library) => [
    STORE_TITLES[library] ?? TITLES[library],
    ...workloads.map((workload) => table.cell(workload, library, wallTime)),
  ]);
  return section(
    'Entries of 1 KB in Redis and on disk',
    [
      'Wall time of one entry, on loopback, with a server of its own for each measurement. The raw client moves bytes; all',
      'others encode values, and ours also check them, their keys and their groups. The memory of `Cache` keeps one entry.',
      '',
      grid(['', ...workloads.map(titleOf)], lines),
    ].join('\n'),
  );
}

function hits([workload], table) {
  if (workload === undefined) return undefined;
  const titles = { none: 'memory alone', redis: 'a Redis tier and a bus behind it' };
  const lines = workload.libraries.map((library) => [
    titles[library],
    table.cell(workload, library),
    table.nanoseconds(workload, library),
  ]);
  return section('A hit in memory with Redis behind it', grid(['', 'CPU time', 'ns'], lines));
}

function spans([workload], table) {
  if (workload === undefined) return undefined;
  const measured = workload.libraries.flatMap((library) => {
    const rounds = table.rounds(workload, library)?.filter(Boolean) ?? [];
    const names = Object.keys(rounds[0]?.numbers ?? {});
    return names.map((name) => [name, spread(rounds.map(({ numbers }) => numbers[name]))]);
  });
  const show = (ms) => (ms < 10 ? ms.toPrecision(2) : ms.toFixed(0));
  const lines = measured.map(([name, { median, least, greatest }]) => [
    SPAN_TITLES[name],
    `**${show(median)}** ${show(least)}–${show(greatest)}`,
  ]);
  return section(
    `Between processes, ${workload.entries.toLocaleString('en')} entries`,
    ['Wall time on loopback: the median and the least–greatest of all rounds.', '', grid(['', 'measured'], lines)].join(
      '\n',
    ),
  );
}

import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { SHAPES } from './decorated/shapes.mjs';
import { pairedRatios, spread } from './harness/statistics.mjs';
import { OPTION_TITLES } from './loading/options.mjs';
import { MIXES } from './memory/mixes.mjs';
import { TITLES } from './plan.mjs';
import { tiers } from './tiers/report.mjs';
import { grid, ratio, row, rule, section } from './harness/markdown.mjs';

const cpuTime = ({ cpuNs, operations }) => cpuNs / operations;
const wallTime = ({ wallNs, operations }) => wallNs / operations;

/** The whole result as Markdown. */
export function report({ workloads, rows, flags, versions, problems, took }) {
  const table = new Table(rows);
  const parts = [
    `# Results of \`npm run bench${flags.given === '' ? '' : ` -- ${flags.given.replace(/ ?--out \S+/, '')}`}\``,
    machine({ rows, flags, versions, took }),
    workloads.some(({ bar }) => bar !== undefined) && bars(workloads, table),
    problems.length > 0 && section('Failed', problems.map((problem) => `- ${problem}`).join('\n')),
    decorated(
      workloads.filter(({ part }) => part === 'decorated'),
      table,
    ),
    stampede(
      workloads.find(({ kind }) => kind === 'stampede'),
      table,
    ),
    options(
      workloads.find(({ kind }) => kind === 'hit'),
      table,
    ),
    http(
      workloads.filter(({ part }) => part === 'http'),
      table,
    ),
    numbers(
      workloads.find(({ part }) => part === 'numbers'),
      table,
    ),
    ...[false, true].map((ttl) =>
      memory(
        workloads.filter((w) => w.part === 'memory' && w.ttl === ttl),
        table,
        ttl,
      ),
    ),
    limits(
      workloads.filter(({ part }) => part === 'limits'),
      table,
    ),
    ...tiers(
      workloads.filter(({ part }) => part === 'tiers'),
      table,
    ),
    threads(
      workloads.filter(({ part }) => part === 'threads'),
      table,
    ),
  ];
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

/** Looks rows up and compares them. */
class Table {
  constructor(rows) {
    this.rows = new Map(rows.map((row) => [`${row.workload.id} ${row.library}`, row.rounds]));
  }

  rounds(workload, library) {
    return this.rows.get(`${workload.id} ${library}`);
  }

  /** The paired ratios of a library to the base of its workload. */
  ratios(workload, library, time = cpuTime) {
    const [rounds, base] = [this.rounds(workload, library), this.rounds(workload, workload.base)];
    return rounds && base && pairedRatios(rounds, base, time);
  }

  cell(workload, library, time) {
    const ratios = this.ratios(workload, library, time);
    if (ratios === undefined) return '';
    const { median, least, greatest } = ratios;
    return library === workload.base ? '1' : `**${ratio(median)}** ${ratio(least)}–${ratio(greatest)}`;
  }

  nanoseconds(workload, library, time = cpuTime) {
    const rounds = this.rounds(workload, library)?.filter(Boolean) ?? [];
    return rounds.length === 0 ? '' : spread(rounds.map(time)).median.toFixed(0);
  }
}

function machine({ rows, flags, versions, took }) {
  const [cpu] = cpus();
  const source = rows.flatMap(({ rounds }) => rounds).find(Boolean)?.cpuSource ?? 'nothing';
  const peers = [...versions].map(([name, version]) => `${name} ${version}`).join(', ');
  return [
    `${new Date().toISOString().slice(0, 10)} · ${cpu.model.trim()}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB ·`,
    `${type()} ${release()} · Node ${process.versions.node} · load ${loadavg()[0].toFixed(1)} at the end · took ${took}`,
    '',
    `Versions: ${peers}.`,
    '',
    'A cell is the **median** and the least–greatest of the ratios to the column or row marked 1, paired within each of',
    `${flags.rounds} interleaved rounds; lower is faster. Time is CPU time of the ${source}, garbage collection included, one`,
    'process for each measurement; ratios by wall time stand beside ours. Nanoseconds are given for scale only and say',
    'nothing about another machine.',
  ].join('\n');
}

function bars(workloads, table) {
  const results = workloads.flatMap((workload) =>
    (workload.bar?.libraries ?? []).flatMap((library) =>
      (workload.bar.limits === undefined ? againstBar : againstLimits)(workload, library, table),
    ),
  );
  const missed = results.filter(({ value, atMost }) => value > atMost);
  const lines = missed.map(({ name, library, atMost, cell }) => row([name, TITLES[library], atMost, cell]));
  return section(
    'Bars',
    [
      'What is asked for. A hit of a method with one string costs no more than the bare method, with two arguments at most 1.3 times',
      'as much. `MemoryCache`, with `lru` and with its default policy, is never slower than `lru-cache` with the same options, and',
      'at most 1.1 times as slow with long keys, objects, mixed and chosen keys; with `lru`, strings and 100,000 entries it takes at',
      'most 0.65 of the time for get-or-put, 0.5 for puts and 0.55 for deletes, with a million 0.5. A request that `@HttpCache`',
      'answers costs at most 0.95 of one without a cache, and at most 0.65 on Express and 0.6 on Fastify where the route is public.',
      '`redisTier` takes 100 callers at most 1.25 of the wall time of the raw client, and a hit in memory at most 1.1 of one without',
      'Redis below. A million entries take at most 44 bytes each with `lru` and 56 with the default policy; the longest put that evicts',
      'takes at most 0.5 of the time that it takes with `lru-cache`, and one operation in a thousand at most twice as long.',
      `Kept by ${results.length - missed.length} of ${results.length} rows.`,
      ...(missed.length === 0 ? [] : ['', row(['missed', 'ours', 'bar', 'measured']), rule('llrr'), ...lines]),
    ].join('\n'),
  );
}

/** A library beside the base of its workload; nothing where one of them was not measured. */
function againstBar(workload, library, table) {
  const { bar } = workload;
  // Servers work too where a bar is of wall time.
  const time = bar.time === 'wall' ? wallTime : cpuTime;
  const ratios = table.ratios(workload, library, time);
  if (ratios === undefined) return [];
  const atMost = typeof bar.atMost === 'number' ? bar.atMost : bar.atMost[library];
  return [{ name: workload.id, library, atMost, value: ratios.median, cell: table.cell(workload, library, time) }];
}

/** What was counted: bytes as they are, pauses beside those of the base. */
function againstLimits(workload, library, table) {
  const present = table.rounds(workload, library)?.filter(Boolean) ?? [];
  return Object.entries(workload.bar.limits[library]).flatMap(([number, atMost]) => {
    const valueOf = ({ numbers }) => numbers[number];
    if (present.length === 0 || valueOf(present[0]) === undefined) return [];
    const value =
      workload.kind === 'bytes'
        ? spread(present.map(valueOf)).median
        : table.ratios(workload, library, valueOf)?.median;
    if (value === undefined) return [];
    const cell = limitCell(workload, library, number, table);
    return [{ name: `${workload.id}, ${LIMITS[number]}`, library, atMost, value, cell }];
  });
}

function decorated(workloads, table) {
  if (workloads.length === 0) return undefined;
  const libraries = [...new Set(workloads.flatMap((workload) => workload.libraries))];
  const titles = workloads.map(({ shape }) => SHAPES[shape].title);
  const [first] = workloads;
  const head = ['', ...titles, `${titles[0]}, wall`, `${titles[0]}, ns`];
  const lines = libraries.map((library) => [
    TITLES[library],
    ...workloads.map((workload) => table.cell(workload, library)),
    table.cell(first, library, wallTime),
    table.nanoseconds(first, library),
  ]);
  return section(
    'A decorated hit against the bare async method',
    [
      'Sequential awaits, 1,000 users, all in the cache, a ttl of five minutes, statistics on. The bare method finds its',
      'answer in a `Map`, which is the least that a method does whose answer is data. The row *beside* is that method again,',
      'in an app whose cached methods have loaded: what caches cost the methods that have none.',
      '',
      grid(head, lines),
    ].join('\n'),
  );
}

function stampede(workload, table) {
  if (workload === undefined) return undefined;
  const measured = (library, value) =>
    spread((table.rounds(workload, library)?.filter(Boolean) ?? []).map(value)).median ?? NaN;
  const lines = workload.libraries.map((library) => [
    library === 'strata' ? 'Cache.getOrLoad' : library === 'map' ? 'two Maps by hand' : TITLES[library],
    measured(library, ({ loads }) => loads).toLocaleString('en'),
    table.cell(workload, library),
    table.cell(workload, library, wallTime),
    table.nanoseconds(workload, library),
    measured(library, ({ bytes }) => bytes).toFixed(0),
  ]);
  return section(
    `${workload.job.callers.toLocaleString('en')} callers of one cold key at once`,
    [
      'Asked in one turn, answered by a source that waits until all have asked. *Loads* is how often that source was asked;',
      '*bytes* is what the heap holds for each caller while they wait, the promise that the caller awaits included.',
      '',
      grid(['', 'loads', 'time per caller', 'wall', 'ns', 'bytes'], lines),
    ].join('\n'),
  );
}

function http(workloads, table) {
  if (workloads.length === 0) return undefined;
  const [hits, cold] = ['hits', 'cold'].map((wanted) => workloads.filter(({ kind }) => kind === wanted));
  const libraries = [...new Set(workloads.flatMap((workload) => workload.libraries))];
  const loads = (workload, library) => {
    const rounds = table.rounds(workload, library)?.filter(Boolean) ?? [];
    return rounds.length === 0 ? '' : spread(rounds.map((round) => round.loads)).median;
  };
  const lines = libraries.map((library) => [
    TITLES[library],
    ...hits.flatMap((workload) => [table.cell(workload, library), table.nanoseconds(workload, library)]),
    ...cold.map((workload) => loads(workload, library)),
  ]);
  const head = [
    '',
    ...hits.flatMap(({ platform }) => [platform, 'ns']),
    ...cold.map(({ platform }) => `${platform}, cold`),
  ];
  return section(
    'A request to a route of a Nest app',
    [
      'GET of 915 bytes of JSON by 32 connections of a thread of its own; the CPU time is that of the server alone. The handler',
      'makes its answer anew, and does nothing else. *Cold* is how often it runs when 500 connections ask at once for what',
      'takes it 200 ms. *By hand, before the router* sends a Buffer, and nothing that a cache would say of it.',
      '',
      grid(head, lines),
    ].join('\n'),
  );
}

function options(workload, table) {
  if (workload === undefined) return undefined;
  const lines = workload.libraries.map((library) => [
    OPTION_TITLES[library],
    table.cell(workload, library),
    table.cell(workload, library, wallTime),
    table.nanoseconds(workload, library),
  ]);
  return section(
    'A hit with each option, against one with none',
    [
      'Sequential awaits of `Cache.getOrLoad`, 1,000 users, all in the cache and fresh. Each row has one option more than the',
      'first. The second row is the first once more: its spread is what the measurement itself is worth.',
      '',
      grid(['', 'hit', 'wall', 'ns'], lines),
    ].join('\n'),
  );
}

function numbers(workload, table) {
  if (workload === undefined) return undefined;
  const lines = workload.libraries.map((kind) => [
    kind === 'clock' ? 'one reading of the clock' : kind,
    table.cell(workload, kind),
    table.nanoseconds(workload, kind),
  ]);
  return section(
    'What keeping the numbers costs',
    [
      'Each part alone. One hit in 128 pays for two readings of the clock, a latency recorded and a key counted; the others',
      'pay for a comparison, which is in every row above. Every load and every call of a tier pays for two readings and a',
      'latency recorded. `stats()`, `minus()` and `hotKeys()` are paid by who asks for them.',
      '',
      grid(['', 'against the clock', 'ns'], lines),
    ].join('\n'),
  );
}

function memory(workloads, table, ttl) {
  if (workloads.length === 0) return undefined;
  const libraries = ['strata', 'strata-default', 'mnemonist', 'map'].filter(
    (library) => !ttl || library !== 'mnemonist',
  );
  const head = [
    'entries',
    'keys',
    'mix',
    ...libraries.map((library) => TITLES[library]),
    'default, wall',
    'lru-cache, ns',
  ];
  const lines = workloads.map((workload) => [
    workload.capacity.toLocaleString('en'),
    workload.keys,
    MIXES[workload.mix].title,
    ...libraries.map((library) => table.cell(workload, library)),
    table.cell(workload, 'strata-default', wallTime),
    table.nanoseconds(workload, workload.base),
  ]);
  return section(
    `MemoryCache against lru-cache, ${ttl ? 'with a ttl of one hour' : 'without ttl'}`,
    [
      'The same options for both. `Map by hand` keeps no order of use: first in, first out, by a ring of keys.',
      '',
      grid(head, lines, 3),
    ].join('\n'),
  );
}

const LIMITS = {
  filled: 'bytes an entry, full',
  churned: 'bytes an entry, after twice as many others',
  growing: 'longest put while it fills, ms',
  evicting: 'longest of the puts that evict, three for each entry, ms',
  p999: 'one in a thousand of get-or-put, zipf(0.99), ms',
};

function limits(workloads, table) {
  if (workloads.length === 0) return undefined;
  const libraries = [...new Set(workloads.flatMap((workload) => workload.libraries))];
  const lines = workloads.flatMap((workload) =>
    Object.keys(LIMITS)
      .filter((name) => table.rounds(workload, workload.base)?.some((round) => round?.numbers[name] !== undefined))
      .map((name) => [
        workload.capacity.toLocaleString('en'),
        workload.ttl ? 'one hour' : '',
        LIMITS[name],
        ...libraries.map((library) => limitCell(workload, library, name, table)),
      ]),
  );
  return section(
    'Memory and pauses',
    [
      'Bytes beside key and value, after garbage collection. Pauses are wall time, with garbage collection and whatever else',
      'the machine did: the median, and in brackets the median and the least–greatest of the ratios to lru-cache.',
      '',
      grid(['entries', 'ttl', '', ...libraries.map((library) => TITLES[library])], lines, 3),
    ].join('\n'),
  );
}

function threads(workloads, table) {
  if (workloads.length === 0) return undefined;
  const libraries = [...new Set(workloads.flatMap((workload) => workload.libraries))];
  const lines = workloads.flatMap((workload) =>
    libraries.map((library) => [
      workload.keys.toLocaleString('en'),
      workload.bytes.toLocaleString('en'),
      TITLES[library],
      table.nanoseconds(workload, library),
      table.nanoseconds(workload, library, wallTime),
      table.cell(workload, library, wallTime),
    ]),
  );
  return section(
    'Threads: reading bytes',
    [
      'All present, asked for by zipf(0.99). `lru-cache` has what its own thread has put, and hands out the same array; the',
      'others give a copy of what another thread has put. The ratio is of wall time, since who asks by a message waits.',
      '',
      grid(['entries', 'bytes', '', 'CPU, ns', 'wall, ns', 'wall, ratio'], lines, 3),
    ].join('\n'),
  );
}

function limitCell(workload, library, name, table) {
  const value = ({ numbers }) => numbers[name];
  const rounds = table.rounds(workload, library)?.filter(Boolean) ?? [];
  if (rounds.length === 0) return '';
  const { median } = spread(rounds.map(value));
  const shown = median < 1 ? median.toPrecision(2) : median.toFixed(1);
  if (workload.kind === 'bytes' || library === workload.base) return `**${shown}**`;
  const ratios = table.ratios(workload, library, value);
  return ratios === undefined
    ? `**${shown}**`
    : `**${shown}** (${ratio(ratios.median)}, ${ratio(ratios.least)}–${ratio(ratios.greatest)})`;
}

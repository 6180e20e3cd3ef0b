import { access, constants, open, stat, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { parseOptions, USAGE } from './options.mjs';
import { UsageError } from './usage-error.mjs';
import { optimalHits } from './belady.mjs';
import { readManifest, summarise } from './manifest.mjs';
import { hitRatioPlots } from '../plots/hit-ratio-plot.mjs';
import { plotText } from './plot-text.mjs';
import { startProgress } from './progress.mjs';
import { cachedHits } from './simulation.mjs';
import { defaultSizes } from './sizes.mjs';
import { table } from './table.mjs';
import { readTrace, unreadable } from './trace.mjs';

/** The name of the optimum in tables and plots. */
const OPTIMUM = 'optimum';

/** Runs the command; the exit code. */
export async function run(argv, { MemoryCache, out, err }) {
  try {
    const options = parseOptions(argv);
    if (options.help) {
      out.write(USAGE);
      return 0;
    }
    checkCaches(MemoryCache, options);
    await checkFiles(options);
    if (options.manifest === undefined) await compare(options, { MemoryCache, out, err });
    else await compareWithReference(options, { MemoryCache, out, err });
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    err.write(`hit-ratio: ${error.message}\n`);
    return 1;
  }
}

/** Tables and plots of the traces. */
async function compare(options, { MemoryCache, out, err }) {
  const results = [];
  for (const file of options.traces) {
    const keys = await readTrace(file);
    const sizes = options.sizes ?? defaultSizes(keys.unique);
    const columns = [...options.policies, OPTIMUM];
    const progress = startProgress(err, basename(file), keys.ids.length * sizes.length * columns.length);
    const rows = sizes.map((size) => ({ size, hits: hitRatios(MemoryCache, keys, size, columns, progress) }));
    progress.stop();
    const title = `${basename(file)}: ${count(keys.ids.length)} requests for ${count(keys.unique)} keys`;
    const result = { title, columns, rows };
    results.push(result);
    const cells = rows.map(({ size, hits }) => [count(size), ...hits.map(percent)]);
    out.write(`\n${title}\n\n${table(['size', ...columns], cells)}\n`);
    if (rows.length > 1) out.write(`\n${plotText(result, out.columns ?? 80)}\n`);
  }
  if (options.svg !== undefined) {
    await writeFile(options.svg, hitRatioPlots(results));
    out.write(`\nplot: ${options.svg}\n`);
  }
  if (options.json !== undefined) {
    await writeFile(options.json, `${JSON.stringify(results, null, 2)}\n`);
    out.write(`\ndata: ${options.json}\n`);
  }
}

/** How much of the gap between lru and the optimum each policy closes, and how far from known figures it is. */
async function compareWithReference(options, { MemoryCache, out, err }) {
  const traces = await readManifest(options.manifest);
  const measured = [];
  for (const { name, file, reference } of traces) {
    const keys = await readTrace(file);
    const { policies } = options;
    const progress = startProgress(err, name, keys.ids.length * reference.length * policies.length);
    for (const { size, hit } of reference) {
      const hits = hitRatios(MemoryCache, keys, size, policies, progress);
      measured.push({
        name,
        size,
        reference: hit,
        hit: Object.fromEntries(policies.map((each, at) => [each, hits[at]])),
      });
    }
    progress.stop();
  }
  const rows = measured.map(({ name, size, hit }) => [
    name,
    count(size),
    ...options.policies.map((each) => percent(hit[each])),
  ]);
  out.write(`\n${table(['trace', 'size', ...options.policies], rows)}\n`);
  out.write(`\n${summarise(measured, options.policies)}\n`);
}

function hitRatios(MemoryCache, { ids, unique }, size, columns, progress) {
  return columns.map((column) => {
    const hits =
      column === OPTIMUM
        ? optimalHits(ids, unique, size)
        : cachedHits(MemoryCache, ids, column, size, (requests) => progress.advance(requests));
    if (column === OPTIMUM) progress.advance(ids.length);
    progress.finished(`${column} at ${count(size)}`);
    return hits / ids.length;
  });
}

/** What takes an hour must not fail at its end, or in the middle: each policy and each size has to make a cache. */
function checkCaches(MemoryCache, { policies, sizes = [] }) {
  for (const policy of policies) checkCache(MemoryCache, '--policies', { maxSize: 1, policy });
  for (const maxSize of sizes) checkCache(MemoryCache, '--sizes', { maxSize, policy: 'lru' });
}

function checkCache(MemoryCache, option, given) {
  try {
    new MemoryCache({ ...given, random: () => 0 }).dispose();
  } catch (error) {
    throw new UsageError(`${option}: ${error.message}`);
  }
}

/** Nothing is opened but what is there and will be written: a pipe can be read only once. */
async function checkFiles({ traces, svg, json }) {
  for (const file of traces) await checkReadable(file);
  if (svg !== undefined) await checkWritable('--svg', svg);
  if (json !== undefined) await checkWritable('--json', json);
}

async function checkReadable(file) {
  try {
    await access(file, constants.R_OK);
    if ((await stat(file)).isDirectory()) throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' });
  } catch (error) {
    throw unreadable(file, error);
  }
}

async function checkWritable(option, file) {
  try {
    await (await open(file, 'r+')).close();
  } catch (error) {
    if (error.code === 'ENOENT' && (await isWritableFolder(dirname(file)))) return;
    throw new UsageError(
      `${option}: cannot write ${file}: ${error.message}; name a file in a folder that you may write to`,
    );
  }
}

async function isWritableFolder(folder) {
  return access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
}

function count(number) {
  return number.toLocaleString('en-US');
}

function percent(ratio) {
  return `${(ratio * 100).toFixed(2)} %`;
}

import { parseArgs } from 'node:util';
import { UsageError } from './usage-error.mjs';

const POLICIES = ['adaptive', 'lru', 'lfu', 'fifo', 'sieve', 's3-fifo'];

export const USAGE = `Which policy and which size for your service? Replays a log of keys against caches and prints their hit ratios.

  npm run hit-ratio -- TRACE… [--sizes 100,1000,…] [--policies adaptive,lru,…] [--svg FILE] [--json FILE]

TRACE       a text file of keys, one a line, plain or compressed (.gz, .br); or 32-bit little-endian
            numbers (.u32, .u32.gz, .u32.br)
--sizes     how many entries the caches hold; default: from a thousandth to half of the keys
--policies  default: ${POLICIES.join(',')}
--svg       writes a plot of hit ratio against size
--json      writes what the plot is made of
--manifest  FILE instead of traces: a JSON file that names traces, sizes and known hit ratios; prints how
            much of the gap between lru and the optimum each policy closes

A request is a get and, on a miss, a put, from a cold start. The optimum (Belady's) knows the future.
`;

/** Reads the arguments of the command; whatever is wrong is a UsageError. */
export function parseOptions(argv) {
  const { values, positionals } = parse(argv);
  if (values.help) return { help: true };
  if (positionals.length === 0 && values.manifest === undefined) {
    throw new UsageError(`give a trace: a text file of keys, one a line\n\n${USAGE}`);
  }
  if (positionals.length > 0 && values.manifest !== undefined) {
    throw new UsageError('give traces or --manifest, not both');
  }
  for (const option of ['sizes', 'svg', 'json']) {
    if (values.manifest === undefined || values[option] === undefined) continue;
    throw new UsageError(`--${option} is for traces; a manifest names its sizes, and its rows are printed alone`);
  }
  return {
    help: false,
    traces: positionals,
    sizes: values.sizes === undefined ? undefined : parseSizes(values.sizes),
    policies: values.policies === undefined ? POLICIES : list(values.policies, '--policies'),
    svg: values.svg,
    json: values.json,
    manifest: values.manifest,
  };
}

function parse(argv) {
  const text = { type: 'string' };
  const options = { sizes: text, policies: text, svg: text, json: text, manifest: text };
  try {
    return parseArgs({
      args: [...argv],
      options: { ...options, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    });
  } catch (error) {
    throw new UsageError(error.message);
  }
}

function parseSizes(given) {
  const sizes = list(given, '--sizes').map((text) => {
    const size = Number(text.replaceAll('_', ''));
    if (!Number.isSafeInteger(size) || size < 1) {
      throw new UsageError(`--sizes must be whole numbers, 1 or more (received ${text})`);
    }
    return size;
  });
  return [...new Set(sizes)].toSorted((a, b) => a - b);
}

function list(given, option) {
  const parts = given
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (parts.length === 0) throw new UsageError(`${option} must name at least one, separated by commas`);
  return parts;
}

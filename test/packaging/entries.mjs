import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { expectSame, Failure, node, output } from './checks.mjs';

/** What the caches and Nest need. */
const OF_CACHES = [
  '@nestjs/common',
  '@nestjs/core',
  'node:async_hooks',
  'node:crypto',
  'node:events',
  'node:fs/promises',
  'node:os',
  'node:path',
  'node:perf_hooks',
  'node:process',
  'node:stream',
  'node:timers/promises',
  'node:util',
  'node:v8',
  'node:worker_threads',
  'node:zlib',
  'reflect-metadata',
  'rxjs',
];

/** What the caches need without Nest's own machinery, and these. */
function cachesAnd(...more) {
  const without = ['@nestjs/core', 'reflect-metadata'];
  return [...OF_CACHES.filter((name) => !without.includes(name)), ...more].toSorted();
}

/** What each entry may import by itself, packages and Node's own modules. What these load in turn is theirs. */
const IMPORTS = {
  '.': [...OF_CACHES, 'node:http'].toSorted(),
  './cache-manager': OF_CACHES,
  './engine': [],
  './memcached': ['node:crypto', 'node:net', 'node:process'],
  './keyv': [],
  './lmdb': ['node:crypto', 'node:fs/promises', 'node:path', 'node:timers/promises'],
  './local': ['node:cluster', 'node:process', 'node:worker_threads'],
  './redis': ['node:crypto'],
  './testing': [],
  './threads': ['node:crypto', 'node:process', 'node:timers/promises', 'node:util', 'node:worker_threads'],
  './prometheus': cachesAnd('prom-client'),
  './otel': cachesAnd('@opentelemetry/api'),
  './terminus': cachesAnd('@nestjs/terminus'),
  './diagnostics': cachesAnd('node:diagnostics_channel'),
  './dashboard': [
    '@nestjs/common',
    '@nestjs/core',
    'node:async_hooks',
    'node:crypto',
    'node:events',
    'node:fs/promises',
    'node:os',
    'node:path',
    'node:perf_hooks',
    'node:process',
    'node:stream',
    'node:timers/promises',
    'node:url',
    'node:util',
    'node:v8',
    'node:worker_threads',
    'node:zlib',
    'rxjs',
  ],
};

/** What each entry loads and exports, and whether `require` and `import` agree on it. */
export async function checkEntries(checks, { name, folder }) {
  await writeFile(join(folder, 'probe.mjs'), PROBE);
  await writeFile(join(folder, 'probe-hooks.mjs'), PROBE_HOOKS);
  await writeFile(join(folder, 'identity.cjs'), IDENTITY);

  for (const [entry, imports] of Object.entries(IMPORTS)) {
    const specifier = entry === '.' ? 'nestjs-strata' : `nestjs-strata/${entry.slice(2)}`;
    const probe = async (...specifiers) =>
      JSON.parse(await output(node, ['probe.mjs', ...specifiers], { cwd: folder }));

    await checks.run(`${name} loads of ${specifier} exactly what it may`, async () => {
      const { direct, packages } = await probe(specifier);
      expectSame(direct, imports, `what ${specifier} imports`);
      const theirs = await probe(...imports);
      expectSame(packages, ['nestjs-strata', ...theirs.packages].toSorted(), `what ${specifier} loads in all`);
      return packages.join(', ');
    });

    await checks.run(`${name} gets one copy of ${specifier} by require and import`, async () => {
      const { names, differing } = JSON.parse(await output(node, ['identity.cjs', specifier], { cwd: folder }));
      if (names === 0) throw new Failure('it exports nothing');
      expectSame(differing, [], 'exports that differ');
      return `${names} exports`;
    });
  }
}

/** Imports its arguments and tells the packages whose files were loaded, and what our own files asked for. */
const PROBE = `
import { createRequire, register } from 'node:module';
import { MessageChannel } from 'node:worker_threads';

const { port1, port2 } = new MessageChannel();
const loaded = [];
port1.on('message', (message) => loaded.push(message));
register('./probe-hooks.mjs', import.meta.url, { data: { port: port2 }, transferList: [port2] });
for (const specifier of process.argv.slice(2)) await import(specifier);
await new Promise((resolve) => setTimeout(resolve, 50));
port1.close();

const packageOf = (path) => /.*\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)\\//.exec(path)?.[1];
const files = [...loaded.map(({ url }) => url), ...Object.keys(createRequire(import.meta.url).cache)];
const packages = new Set(files.map((file) => packageOf(file.replaceAll('\\\\', '/'))).filter(Boolean));
const direct = new Set(
  loaded
    .filter(({ parent, specifier }) => packageOf(parent ?? '') === 'nestjs-strata' && !specifier.startsWith('.'))
    .map(({ specifier }) => specifier),
);
console.log(JSON.stringify({ direct: [...direct].sort(), packages: [...packages].sort() }));
`;

const PROBE_HOOKS = `
let port;
export function initialize(data) { port = data.port; }
export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context);
  port.postMessage({ specifier, parent: context.parentURL, url: resolved.url });
  return resolved;
}
`;

const IDENTITY = `
const specifier = process.argv[2];
const required = require(specifier);
import(specifier).then((imported) => {
  const names = Object.keys(imported).filter((name) => name !== 'default' && name !== 'module.exports');
  const differing = names.filter((name) => required[name] !== imported[name]);
  console.log(JSON.stringify({ names: names.length, differing }));
});
`;

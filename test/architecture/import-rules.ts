import { posix } from 'node:path';
import ts from 'typescript';
import type { Sources, Violation } from './sources.js';

/** What a layer may import: other layers through their index, packages by name. `*` in a package name ends it. */
interface LayerRule {
  readonly layers: readonly string[];
  readonly packages: readonly string[];
  /** Layers that single files may import besides. */
  readonly filesMayImport?: Readonly<Record<string, readonly string[]>>;
}

/**
 * Who may import whom. Nothing points upward, and siblings below `backends` and `observability` never meet, but for what the
 * exporters share.
 */
const TABLE: Readonly<Record<string, LayerRule>> = {
  core: { layers: [], packages: [] },
  codec: { layers: ['core'], packages: ['node:*'] },
  engine: { layers: ['core'], packages: [], filesMayImport: { 'lib/engine/snapshot/snapshot.ts': ['codec'] } },
  tiers: { layers: ['core', 'codec', 'engine'], packages: [] },
  'backends/redis': { layers: ['core', 'codec', 'tiers'], packages: ['node:*', 'ioredis'] },
  'backends/memcached': { layers: ['core', 'codec', 'tiers'], packages: ['node:*'] },
  'backends/lmdb': { layers: ['core', 'codec', 'tiers'], packages: ['node:*', 'lmdb'] },
  'backends/keyv': { layers: ['core', 'codec', 'tiers'], packages: ['keyv'] },
  'backends/local': { layers: ['core', 'codec', 'tiers'], packages: ['node:*'] },
  'backends/threads': { layers: ['core', 'codec', 'tiers'], packages: ['node:*'] },
  resilience: { layers: ['core', 'tiers'], packages: [] },
  cache: { layers: ['core', 'codec', 'engine', 'tiers', 'resilience'], packages: ['rxjs', 'node:*'] },
  nest: {
    layers: ['core', 'engine', 'tiers', 'cache'],
    packages: ['@nestjs/*', 'rxjs', 'reflect-metadata', 'node:http', 'node:stream'],
  },
  'compat/cache-manager': {
    layers: ['core', 'tiers', 'resilience', 'cache', 'nest', 'backends/keyv'],
    packages: ['@nestjs/*', 'rxjs', 'reflect-metadata', 'node:*'],
  },
  'observability/metrics': { layers: ['core', 'cache'], packages: [] },
  'observability/module': { layers: ['core', 'cache'], packages: ['@nestjs/*'] },
  'observability/terminus': { layers: ['core', 'cache', 'nest', 'observability/module'], packages: ['@nestjs/*'] },
  'observability/prometheus': {
    layers: ['core', 'cache', 'nest', 'observability/metrics', 'observability/module'],
    packages: ['@nestjs/*', 'prom-client'],
  },
  'observability/otel': {
    layers: ['core', 'cache', 'nest', 'observability/metrics', 'observability/module'],
    packages: ['@nestjs/*', '@opentelemetry/api'],
  },
  'observability/diagnostics': {
    layers: ['core', 'cache', 'nest', 'observability/module'],
    packages: ['@nestjs/*', 'rxjs', 'node:*'],
  },
  // uplot is of its page alone, which no file of the server imports.
  'observability/dashboard': {
    layers: ['core', 'cache', 'nest', 'observability/module'],
    packages: ['@nestjs/*', 'node:*', 'uplot'],
  },
  testing: { layers: ['core', 'engine', 'tiers', 'cache', 'nest'], packages: [] },
  'lib/engine.ts': { layers: ['core', 'engine'], packages: [] },
  'lib/index.ts': { layers: ['core', 'engine', 'tiers', 'cache', 'nest'], packages: [] },
};

/**
 * The folders within a layer, each of which may import those before it. What stands beside them puts them together: it may
 * import all of them, and none imports it.
 */
const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  engine: ['slots', 'keys', 'time', 'weight', 'policy', 'store', 'snapshot'],
  cache: [
    ...['keys', 'events', 'statistics', 'api', 'memory', 'shared', 'entries', 'settings', 'parts'],
    ...['changes', 'reads', 'loads', 'background'],
  ],
  nest: ['operations', 'steps', 'methods', 'calls', 'decorators', 'http', 'module'],
};

export interface ImportReport {
  readonly files: number;
  readonly imports: number;
  readonly violations: readonly Violation[];
}

/** Holds every import of these files, of values and of types alike, against the table. */
export function checkImports(files: Sources): ImportReport {
  const violations: Violation[] = [];
  let imports = 0;
  for (const [file, text] of files) {
    const { importedFiles, referencedFiles, typeReferenceDirectives } = ts.preProcessFile(text, true, false);
    for (const { fileName, pos } of [...referencedFiles, ...typeReferenceDirectives]) {
      violations.push({
        at: place(file, text, pos),
        rule: `references "${fileName}" by a directive; import it instead`,
      });
    }
    for (const { fileName: specifier, pos } of importedFiles) {
      imports++;
      const rule = brokenRule(file, specifier);
      if (rule !== undefined) violations.push({ at: place(file, text, pos), rule });
    }
  }
  return { files: files.size, imports, violations };
}

function brokenRule(file: string, specifier: string): string | undefined {
  const layer = layerOf(file);
  const allowed = TABLE[layer];
  if (allowed === undefined) return `belongs to "${layer}", a layer that the import table does not have`;

  if (!specifier.startsWith('.')) {
    const known = allowed.packages.some((name) => matchesPackage(name, specifier));
    return known ? undefined : `${layer} imports the package "${specifier}"; it may import ${list(allowed.packages)}`;
  }

  const target = posix.join(posix.dirname(file), specifier);
  if (!target.startsWith('lib/')) return `imports "${specifier}", which is outside lib`;
  const targetLayer = layerOf(target.replace(/\.js$/, '.ts'));
  if (targetLayer === layer) {
    if (target === `lib/${layer}/index.js`) return 'imports the index of its own layer; import the file itself';
    return brokenOrder(layer, folderOf(file, layer), folderOf(target, layer));
  }
  const layers = [...allowed.layers, ...(allowed.filesMayImport?.[file] ?? [])];
  if (!layers.includes(targetLayer)) return `${layer} imports ${targetLayer}; it may import ${list(layers)}`;
  if (target === `lib/${targetLayer}/index.js`) return undefined;
  return `imports "${specifier}"; from another layer import its index.js`;
}

function brokenOrder(layer: string, from: string, to: string): string | undefined {
  const order = FOLDERS[layer];
  if (order === undefined || from === to || from === '') return undefined;
  const [at, before] = [order.indexOf(from), order.indexOf(to)];
  if (at < 0) return `belongs to the folder "${from}" of ${layer}, which has no place in the order of folders`;
  if (before >= 0 && before < at) return undefined;
  return `${layer}/${from} imports ${layer}/${to}; it may import ${list(order.slice(0, at))}`;
}

/** The folder within its layer; empty for what stands beside the folders. */
function folderOf(file: string, layer: string): string {
  return posix.dirname(posix.relative(`lib/${layer}`, file)).replace(/^\.$/, '');
}

/** `lib/core/clock.ts` is of `core`, `lib/backends/redis/client.ts` of `backends/redis`; the root entry is itself. */
function layerOf(file: string): string {
  const [, first, second, ...rest] = file.split('/');
  if (first === undefined || second === undefined) return file;
  return ['backends', 'observability', 'compat'].includes(first) && rest.length > 0 ? `${first}/${second}` : first;
}

function matchesPackage(pattern: string, specifier: string): boolean {
  if (pattern.endsWith('*')) return specifier.startsWith(pattern.slice(0, -1));
  return specifier === pattern || specifier.startsWith(`${pattern}/`);
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}

function place(file: string, text: string, position: number): string {
  return `${file}:${text.slice(0, position).split('\n').length}`;
}

/*
 * The folder in which everything is measured: the packed package, installed as a user would; the peers beside it, links
 * to those of the repository; these files; the fixtures, compiled.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { isInstalled, OPTIONAL_PEERS } from './installed.mjs';

const execute = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

const LINKED = [
  '@keyv/redis',
  '@nestjs/cache-manager',
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/platform-express',
  '@nestjs/platform-fastify',
  '@type-cacheable/core',
  '@type-cacheable/lru-cache-adapter',
  'bentocache',
  'cache-manager',
  'cacheable',
  'ioredis',
  'keyv',
  'layered-loader',
  'lmdb',
  'lru-cache',
  'mnemonist',
  'reflect-metadata',
  'rxjs',
  ...OPTIONAL_PEERS.filter(isInstalled),
];

/** Makes the folder. Whoever asked for it removes it. */
export async function makeFolder({ tarball }) {
  const folder = await mkdtemp(join(tmpdir(), 'strata-bench-'));
  try {
    await writeFile(join(folder, 'package.json'), '{ "name": "bench-folder", "private": true, "type": "module" }\n');
    await install(folder, tarball === undefined ? await pack(folder) : resolve(tarball));
    await Promise.all(LINKED.map((name) => link(folder, name)));
    await cp(join(root, 'bench'), join(folder, 'bench'), { recursive: true });
    await compileFixtures(join(folder, 'bench/decorated/fixtures'));
    return folder;
  } catch (error) {
    await removeFolder(folder);
    throw error;
  }
}

export async function removeFolder(folder) {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** Name and version of the package and of each peer, as installed. */
export async function versions(folder) {
  const names = ['nestjs-strata', ...LINKED];
  return new Map(
    await Promise.all(
      names.map(async (name) => {
        const manifest = await readFile(join(folder, 'node_modules', name, 'package.json'), 'utf8');
        return [name, JSON.parse(manifest).version];
      }),
    ),
  );
}

async function pack(folder) {
  await execute(process.execPath, ['scripts/build.mjs', '--when-stale'], { cwd: root }).catch(explain('the build'));
  await execute('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root }).catch(explain('npm pack'));
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz'));
  return join(folder, tarball);
}

async function install(folder, tarball) {
  // The package has no dependencies and its peers are linked afterwards: nothing is asked from the network.
  const flags = ['--offline', '--legacy-peer-deps', '--no-package-lock', '--no-audit', '--no-fund', '--silent'];
  await execute('npm', ['install', ...flags, tarball], { cwd: folder }).catch(explain('npm install'));
}

function explain(what) {
  return (error) => {
    throw new Error(`${what} failed\n${error.stdout}${error.stderr}`, { cause: error });
  };
}

async function link(folder, name) {
  const from = join(folder, 'node_modules', name);
  await mkdir(dirname(from), { recursive: true });
  await symlink(join(root, 'node_modules', name), from, 'junction');
}

/** Decorators need a compiler: the fixtures are compiled as an app's own sources would be. */
async function compileFixtures(folder) {
  const options = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    useDefineForClassFields: false,
    verbatimModuleSyntax: false,
  };
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.ts')) continue;
    const source = await readFile(join(folder, name), 'utf8');
    const { outputText } = ts.transpileModule(source, { fileName: name, compilerOptions: options });
    await writeFile(join(folder, name.replace(/\.ts$/, '.js')), outputText);
  }
}

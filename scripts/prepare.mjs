import { existsSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isStale } from './freshness.mjs';
import { root, run, runTool } from './run.mjs';

/** Brings the checkout into the state that its files describe. Resolves with the address of the sample app's entry. */
export async function prepare() {
  if (!isInstalled()) await step('installing the dependencies', npm('ci'));
  await step(undefined, runTool('scripts/build.mjs', ['--when-stale']));
  await buildSample();
  return pathToFileURL(join(root, 'sample-app/dist/main.js')).href;
}

/** Whether `node_modules` holds what the lockfile lists. Optional packages may be missing: most are for other platforms. */
export function isInstalled(folder = root) {
  const wanted = readPackages(join(folder, 'package-lock.json'));
  const installed = readPackages(join(folder, 'node_modules/.package-lock.json'));
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional || installed[path]?.version === version,
  );
}

async function buildSample() {
  const output = join(root, 'sample-app/dist');
  const builtMark = join(output, '.built');
  const inputs = ['sample-app/src', 'sample-app/tsconfig.json', 'dist/cjs/package.json'];
  if (
    !isStale(
      builtMark,
      inputs.map((input) => join(root, input)),
    )
  ) {
    return;
  }
  await rm(output, { recursive: true, force: true });
  await step('building the sample app', runTool('node_modules/typescript/bin/tsc', ['-p', 'sample-app/tsconfig.json']));
  await writeFile(builtMark, '');
}

async function step(name, work) {
  if (name !== undefined) console.log(`start: ${name}`);
  const code = await work;
  if (code === 0) return;
  console.error(`start: ${name ?? 'building the library'} failed, see above`);
  process.exit(1);
}

function npm(...args) {
  const script = process.env.npm_execpath;
  if (script) return runTool(script, args);
  return run('npm', args, { shell: process.platform === 'win32' });
}

function readPackages(lockfile) {
  if (!existsSync(lockfile)) return {};
  return JSON.parse(readFileSync(lockfile, 'utf8')).packages;
}

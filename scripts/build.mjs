/*
 * Builds the library: both emits from the same sources.
 *
 *   dist/esm   what `import` gets, and `require` too on a Node that can require ES modules
 *   dist/cjs   what loaders get that cannot, such as Jest in CommonJS
 *   dist/page  the page of the dashboard, for browsers
 *
 * All go to a folder of their own, which takes the place of dist when they are complete: whoever runs from dist at the
 * time never sees half a build, a failed one changes nothing, and no file of an earlier one stays. With --when-stale it
 * does nothing while the last build is newer than the sources. `nest build` emits dist/esm alone.
 */
import { mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildPage, locatePage, pageInputs } from './build-page.mjs';
import { isStale } from './freshness.mjs';
import { root, runTool } from './run.mjs';

const dist = join(root, 'dist');
// Its time is that of the sources that were built.
const mark = 'cjs/package.json';
const inputs = ['lib', 'package.json', 'tsconfig.json', 'tsconfig.build.json', 'tsconfig.cjs.json', ...pageInputs];

if (process.argv.includes('--when-stale') && !isStale(join(dist, mark), absolute(inputs))) process.exit(0);

console.log('build: the library');
const startedAt = new Date();
const folder = join(root, `dist-${process.pid}`);
try {
  await mkdir(folder);
  const codes = await Promise.all([emit('tsconfig.build.json', 'esm'), emit('tsconfig.cjs.json', 'cjs')]);
  if (codes.some((code) => code !== 0)) throw new Error('failed, see above');
  await buildPage(join(folder, 'page'));
  await locatePage(folder);
  await writeFile(join(folder, mark), '{ "type": "commonjs" }\n');
  await utimes(join(folder, mark), startedAt, startedAt);
  await replace(dist, folder);
  console.log(`build: dist/esm, dist/cjs and dist/page in ${((Date.now() - startedAt.getTime()) / 1000).toFixed(1)} s`);
} catch (error) {
  console.error(`build: ${error.message}`);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

function emit(project, name) {
  return runTool('node_modules/typescript/bin/tsc', ['-p', project, '--outDir', join(folder, name)]);
}

/** Puts `next` where `current` is. */
async function replace(current, next) {
  const old = `${next}-old`;
  await rename(current, old).catch((error) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(next, current);
  await rm(old, { recursive: true, force: true });
}

function absolute(paths) {
  return paths.map((path) => join(root, path));
}

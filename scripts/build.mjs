/*
 * Builds the library: one clean, then both emits from the same sources.
 *
 *   dist/esm   what `import` gets, and `require` too on a Node that can require ES modules
 *   dist/cjs   what loaders get that cannot, such as Jest in CommonJS
 *
 * With --when-stale it does nothing while the last build is newer than the sources. The clean is done here, once: an
 * emit that cleaned for itself would remove the other one's files.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isStale } from './freshness.mjs';
import { root, runTool } from './run.mjs';

// Written last, so that its time is the time of the last complete build.
const lastFile = join(root, 'dist/cjs/package.json');
const inputs = ['lib', 'package.json', 'nest-cli.json', 'tsconfig.json', 'tsconfig.build.json', 'tsconfig.cjs.json'];

if (
  process.argv.includes('--when-stale') &&
  !isStale(
    lastFile,
    inputs.map((input) => join(root, input)),
  )
) {
  process.exit(0);
}

console.log('build: the library');
const startedAt = performance.now();
await rm(join(root, 'dist'), { recursive: true, force: true });
const codes = await Promise.all([
  runTool('node_modules/@nestjs/cli/bin/nest.js', ['build']),
  runTool('node_modules/typescript/bin/tsc', ['-p', 'tsconfig.cjs.json']),
]);
if (codes.some((code) => code !== 0)) {
  console.error('build: failed, see above');
  process.exit(1);
}
await mkdir(join(root, 'dist/cjs'), { recursive: true });
await writeFile(lastFile, '{ "type": "commonjs" }\n');
console.log(`build: dist/esm and dist/cjs in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);

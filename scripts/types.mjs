/*
 * Type-checks everything that is compiled: the library, its tests (test/types among them), the benches, the sample app, and
 * the examples of the documentation.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, runTool } from './run.mjs';

const projects = [
  'tsconfig.json',
  'lib/observability/dashboard/page/tsconfig.json',
  'sample-app/tsconfig.json',
  'sample-app/load/tsconfig.json',
  'sample-app/cluster/tsconfig.json',
  'sample-app/test/tsconfig.json',
].filter((project) => existsSync(join(root, project)));

// The sample app and the benches import the library as its users do, by name, and so read the built declarations.
let failed = (await runTool('scripts/build.mjs', ['--when-stale'])) !== 0;
for (const project of projects) {
  const code = await runTool('node_modules/typescript/bin/tsc', ['-p', project, '--noEmit']);
  console.log(`types: ${project} ${code === 0 ? 'has no errors' : 'has errors'}`);
  failed ||= code !== 0;
}
failed = (await runTool('scripts/check-snippets.mjs', [])) !== 0 || failed;
process.exit(failed ? 1 : 0);

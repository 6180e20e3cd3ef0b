/* Type-checks everything that is compiled: the library, its tests (test/types among them), the benches, the sample app. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, runTool } from './run.mjs';

const projects = ['tsconfig.json', 'sample-app/tsconfig.json'].filter((project) => existsSync(join(root, project)));

// The sample app imports the library as its users do, by name, and so reads the built declarations.
if (projects.length > 1) await runTool('scripts/build.mjs', ['--when-stale']);

let failed = false;
for (const project of projects) {
  const code = await runTool('node_modules/typescript/bin/tsc', ['-p', project, '--noEmit']);
  console.log(`types: ${project} ${code === 0 ? 'has no errors' : 'has errors'}`);
  failed ||= code !== 0;
}
process.exit(failed ? 1 : 0);

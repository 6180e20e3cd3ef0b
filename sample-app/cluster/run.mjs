/* `npm run demo:cluster`: builds what is not up to date, then plays the demonstration. */
import { prepare } from '../../scripts/prepare.mjs';
import { runTool } from '../../scripts/run.mjs';

await prepare();
const built = await runTool('node_modules/typescript/bin/tsc', ['-p', 'sample-app/cluster']);
if (built !== 0) process.exit(built);
await import('../dist/demo/cluster/main.js');

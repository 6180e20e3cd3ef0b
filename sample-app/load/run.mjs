/* `npm run load`: builds what is not up to date, then drives the app. PORT says where a running one is looked for. */
import { prepare } from '../../scripts/prepare.mjs';
import { runTool } from '../../scripts/run.mjs';

await prepare();
const built = await runTool('node_modules/typescript/bin/tsc', ['-p', 'sample-app/load']);
if (built !== 0) process.exit(built);
await import('../dist/load/main.js');

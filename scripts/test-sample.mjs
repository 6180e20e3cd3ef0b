/* The sample app's end-to-end tests, against the library as built. */
import { run, runTool } from './run.mjs';

const built = await runTool('scripts/build.mjs', ['--when-stale']);
if (built !== 0) process.exit(built);
const jest = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js'];
process.exit(await run(process.execPath, [...jest, '-c', 'jest.sample.config.mjs', ...process.argv.slice(2)]));

/* The sample app's end-to-end tests: the app as built, on the library as built. */
import { prepare } from './prepare.mjs';
import { run } from './run.mjs';

await prepare();
const jest = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js'];
process.exit(await run(process.execPath, [...jest, '-c', 'jest.sample.config.mjs', ...process.argv.slice(2)]));

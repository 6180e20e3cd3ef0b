/* `npm run hit-ratio -- TRACE…`: see cli.mjs. It runs the built library, so that it measures what users get. */
import { run } from './cli.mjs';

/** The engine as it was built; says what to do when it was not. */
async function builtEngine() {
  try {
    return await import('../../dist/esm/engine.js');
  } catch (error) {
    if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    console.error('hit-ratio: the library is not built; run `npm run build` first');
    process.exit(1);
  }
}

const { MemoryCache } = await builtEngine();
process.exitCode = await run(process.argv.slice(2), { MemoryCache, out: process.stdout, err: process.stderr });

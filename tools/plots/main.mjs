/*
 * `npm run plots`: draws docs/plots/*.svg from the data beside them. The data are what these write:
 *
 *   npm run hit-ratio -- TRACE… --policies adaptive,lru --json docs/plots/hit-ratio.json
 *   npm run bench -- --only '^memory/100000/string/(get-or-put|hit|put) (lru|strata|mnem)' --json docs/plots/speed.json
 *   npm run bench -- --only '^limits/1000000(/ttl)?/bytes' --rounds 1 --json docs/plots/bytes.json
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { drawPlots } from './plots.mjs';

const folder = fileURLToPath(new URL('../../docs/plots', import.meta.url));
for (const { file, content } of await drawPlots(folder)) {
  await writeFile(join(folder, file), content);
  console.log(`plots: docs/plots/${file}`);
}

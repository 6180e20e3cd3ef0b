/* Writes the fixture of each case that has none yet, by the library as it is built: `npm run build`, then
 * `node test/wire/write-fixtures.mjs`. It never touches a file that is there. */
import { existsSync, writeFileSync } from 'node:fs';
import { Packr } from 'msgpackr';
import * as codec from '../../dist/esm/codec/index.js';
import { CASES, codecOf } from './cases.mjs';

const FORMAT = 1;

let written = 0;
for (const [name, wireCase] of Object.entries(CASES)) {
  const file = new URL(`./fixtures/v${FORMAT}-${name}.bin`, import.meta.url);
  if (existsSync(file)) continue;
  const bytes = await codecOf(wireCase, codec, new Packr({ useRecords: true })).encode(wireCase.fields, wireCase.value);
  if (bytes[2] !== FORMAT)
    throw new Error(`the library writes format ${bytes[2]}; say so above, and keep the old files`);
  writeFileSync(file, bytes);
  written++;
}
console.log(`fixtures: ${written} written, ${Object.keys(CASES).length - written} kept`);

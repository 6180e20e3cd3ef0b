import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expectSame, Failure, node, output } from './checks.mjs';

const THEIRS = '@nestjs/cache-manager';
const OURS = 'nestjs-strata/cache-manager';

/** Compiles and runs an app over `@nestjs/cache-manager`, and once more with nothing but the import path changed. */
export async function checkDropIn(checks, { folder }) {
  const file = join(folder, 'drop-in/app.ts');
  const text = await readFile(file, 'utf8');
  if (text.split(`'${THEIRS}'`).length !== 2) throw new Failure(`the app must import ${THEIRS} in one place`);
  const seen = {};
  for (const specifier of [THEIRS, OURS]) {
    await checks.run(`cache-manager compiles and runs the app over ${specifier}`, async () => {
      await writeFile(file, text.replace(`'${THEIRS}'`, `'${specifier}'`));
      await output(node, [join(folder, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json'], { cwd: folder });
      seen[specifier] = JSON.parse((await output(node, ['out/app.js'], { cwd: folder })).trim().split('\n').at(-1));
      return `${seen[specifier].length} observations`;
    });
  }
  await checks.run('cache-manager shows users the same over both', async () => {
    if (!(seen[THEIRS]?.length > 20)) throw new Failure('the app saw too little');
    expectSame(seen[OURS], seen[THEIRS], 'what users saw');
  });
}

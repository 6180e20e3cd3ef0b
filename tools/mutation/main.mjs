/*
 * `npm run mutation -- lib/engine/time/timer-wheel.ts …`: whether the tests notice small changes of these files. Each mutant is
 * run against the spec of that name, if it survives against all that import the file, then against the quick specs that
 * drive the whole engine, and last against all of the engine's. Prints the score and the survivors; a mutant that never ends
 * counts as noticed.
 */
import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mutantsOf } from './mutants.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const FOLDERS = ['test/unit/engine', 'test/unit/engine/policy', 'test/property'];
/** These drive every part, also those that no spec imports. */
const QUICK_OF_ENGINE = ['test/unit/engine/memory-cache', 'test/property/engine-', 'test/property/tiny'];
const ALL_OF_ENGINE = ['test/unit/engine', 'test/property/policies'];
const USAGE = `npm run mutation -- FILE… [--sample N] [--direct]

FILE      sources, as lib/engine/time/timer-wheel.ts
--sample  at most so many mutants of each file, evenly spread over it; default: all
--direct  only the specs that are named as the file or import it, and those that drive the whole engine, not all others`;

const { values, positionals } = parseArgs({
  options: { sample: { type: 'string' }, direct: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const sample = Number(values.sample ?? Infinity);
if (positionals.length === 0 || !(sample >= 1)) {
  console.error(USAGE);
  process.exit(1);
}
for (const file of positionals) await examine(resolve(root, file));

async function examine(file) {
  const source = await readFile(file, 'utf8');
  const mutants = spread(mutantsOf(file, source), sample);
  const stages = await stagesOf(file);
  const name = relative(root, file);
  const limitsMs = [];
  for (const specs of stages) {
    const startedAt = performance.now();
    if (await isNoticed(undefined, specs, Infinity)) throw new Error(`${name}: ${specs} fail without any mutant`);
    limitsMs.push(20_000 + 5 * (performance.now() - startedAt));
  }
  const survivors = [];
  for (const [index, mutant] of mutants.entries()) {
    let isSurvivor = true;
    for (let stage = 0; isSurvivor && stage < stages.length; stage++) {
      isSurvivor = !(await isNoticed({ ...mutant, file }, stages[stage], limitsMs[stage]));
    }
    if (isSurvivor) survivors.push(mutant);
    const what = `${name}:${mutant.line}  ${shown(mutant.before)} → ${shown(mutant.text)}`;
    console.error(`${index + 1}/${mutants.length}  ${isSurvivor ? 'SURVIVED' : 'noticed '}  ${what}`);
  }
  const noticed = mutants.length - survivors.length;
  console.log(`${name}: ${noticed} of ${mutants.length} noticed, ${Math.round((noticed / mutants.length) * 100)} %`);
  for (const { line, kind, before, text } of survivors) {
    console.log(`  survived  ${name}:${line}  ${kind}: ${shown(before)} → ${shown(text)}`);
  }
}

/** Whether the specs fail, or do not end, with the mutant in place. */
function isNoticed(mutant, specs, limitMs) {
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  const config = join(root, 'tools/mutation/jest.config.mjs');
  const args = [
    '--experimental-vm-modules',
    '--no-warnings',
    jest,
    '--config',
    config,
    '--runInBand',
    '--bail',
    ...specs,
  ];
  const env = { ...process.env, MUTANT: JSON.stringify(mutant ?? null) };
  return new Promise((done) => {
    const child = spawn(process.execPath, args, { cwd: root, env, stdio: 'ignore' });
    const timer = limitMs === Infinity ? undefined : setTimeout(() => child.kill('SIGKILL'), limitMs);
    child.once('exit', (code) => {
      clearTimeout(timer);
      done(code !== 0);
    });
  });
}

/** Groups of specs, the quickest first. */
async function stagesOf(file) {
  const name = basename(file, '.ts');
  const [own, importers] = [[], []];
  for (const folder of FOLDERS) {
    for (const each of await readdir(join(root, folder))) {
      if (!each.endsWith('.spec.ts')) continue;
      const text = await readFile(join(root, folder, each), 'utf8');
      if (each === `${name}.spec.ts`) own.push(`${folder}/${each}`);
      else if (text.includes(`/${name}.js'`)) importers.push(`${folder}/${each}`);
    }
  }
  return [own, importers, QUICK_OF_ENGINE, values.direct ? [] : ALL_OF_ENGINE].filter((specs) => specs.length > 0);
}

function spread(items, most) {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, index) => items[Math.floor((index * items.length) / most)]);
}

function shown(text) {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 57)}…` : line;
}

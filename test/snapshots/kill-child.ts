import process from 'node:process';
import { MemoryCache } from '../../lib/engine/index.js';

/*
 * Takes one snapshot after the other to the same file, each of entries of another generation; the third argument tells the
 * first. Says on its standard output when it begins.
 */
const [path, from] = process.argv.slice(2) as [string, string];
const cache = new MemoryCache<number, string>({ maxSize: 400 });
for (let generation = Number(from); ; generation++) {
  for (let key = 0; key < 400; key++) cache.put(key, `${generation}:${'x'.repeat(2_000)}`);
  process.stdout.write(`${generation}\n`);
  await cache.snapshot(path);
}

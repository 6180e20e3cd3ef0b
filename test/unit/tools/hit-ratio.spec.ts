import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { seededRandom } from '../../../lib/core/index.js';
import { MemoryCache } from '../../../lib/engine/index.js';
import { run } from '../../../tools/hit-ratio/cli.mjs';

const SIZES = [2, 5, 12];

let folder: string;
const keys = popularKeys(600);

function popularKeys(count: number): number[] {
  const random = seededRandom(11);
  return Array.from({ length: count }, () => Math.floor(40 * random() ** 2));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hit-ratio-'));
  const text = keys.map((key) => `key ${key}`).join('\n');
  const numbers = Buffer.from(Uint32Array.from(keys).buffer);
  await writeFile(join(folder, 'plain.txt'), text);
  await writeFile(join(folder, 'windows.txt'), text.replaceAll('\n', '\r\n\r\n'));
  await writeFile(join(folder, 'text.gz'), gzipSync(text));
  await writeFile(join(folder, 'text.br'), brotliCompressSync(text));
  await writeFile(join(folder, 'numbers.u32'), numbers);
  await writeFile(join(folder, 'numbers.u32.br'), brotliCompressSync(numbers));
  await writeFile(join(folder, 'torn.u32'), numbers.subarray(0, 7));
  await writeFile(join(folder, 'empty.txt'), '\n\n');
  await writeFile(join(folder, 'plain.gz'), text);
  await writeFile(join(folder, 'plain.br'), text);
  await writeFile(join(folder, 'cut.gz'), gzipSync(text).subarray(0, 100));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function command(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await run(argv, {
    MemoryCache,
    out: { write: (text: string) => (out += text) },
    err: { write: (text: string) => (err += text) },
  });
  return { code, out, err };
}

/** What a cache of an array hits that throws out what `worst` picks. */
function slowRatio(size: number, worst: (held: number[], at: number) => number, movesOnHit: boolean): string {
  const held: number[] = [];
  let hits = 0;
  keys.forEach((key, at) => {
    const found = held.indexOf(key);
    if (found >= 0) {
      hits++;
      if (movesOnHit) held.push(...held.splice(found, 1));
      return;
    }
    if (held.length === size) held.splice(worst(held, at), 1);
    held.push(key);
  });
  return `${((hits / keys.length) * 100).toFixed(2)} %`;
}

function farthest(held: number[], at: number): number {
  const nextUse = held.map((key) => {
    const next = keys.indexOf(key, at);
    return next < 0 ? Infinity : next;
  });
  return nextUse.indexOf(Math.max(...nextUse));
}

describe('hit-ratio', () => {
  const sizes = ['--sizes', SIZES.join(','), '--policies', 'lru,fifo'];

  it('prints for each size what slow models of lru, fifo and the optimum hit', async () => {
    const { code, out } = await command(join(folder, 'plain.txt'), ...sizes);
    expect(code).toBe(0);
    expect(out).toContain('plain.txt: 600 requests for 40 keys');
    for (const size of SIZES) {
      const [lru, fifo] = [slowRatio(size, () => 0, true), slowRatio(size, () => 0, false)];
      expect(out).toMatch(new RegExp(`^ *${size} +${lru} +${fifo} +${slowRatio(size, farthest, false)}$`, 'm'));
    }
  });

  it('reads text, compressed text and numbers alike', async () => {
    const outputs = [];
    for (const file of ['plain.txt', 'windows.txt', 'text.gz', 'text.br', 'numbers.u32', 'numbers.u32.br']) {
      const { out } = await command(join(folder, file), ...sizes);
      outputs.push(out.replaceAll(file, ''));
    }
    expect(new Set(outputs).size).toBe(1);
  });

  it('runs all policies at sizes of its own choice, plots them, and tells how far it is', async () => {
    const svg = join(folder, 'out.svg');
    const json = join(folder, 'out.json');
    const { code, out, err } = await command(join(folder, 'plain.txt'), '--svg', svg, '--json', json);
    expect(code).toBe(0);
    for (const name of ['adaptive', 'lru', 'lfu', 'fifo', 'sieve', 's3-fifo', 'optimum']) {
      expect(out).toContain(name);
      expect(await readFile(svg, 'utf8')).toContain(`>${name}</text>`);
      expect(err).toContain(`plain.txt: ${name} at 20\n`);
    }
    expect(out).toContain('● adaptive');
    const [{ columns, rows }] = JSON.parse(await readFile(json, 'utf8'));
    expect(columns).toEqual(['adaptive', 'lru', 'lfu', 'fifo', 'sieve', 's3-fifo', 'optimum']);
    expect(out).toMatch(new RegExp(`^ *${rows[0].size} +${(rows[0].hits[0] * 100).toFixed(2)} %`, 'm'));
    expect(await readFile(svg, 'utf8')).toMatch(/^<svg .*<\/svg>\n$/s);
  });

  it('tells how much of the gap between lru and the optimum a policy closes', async () => {
    const hit = { LRU: 0.2, Belady: 0.8, FIFO: 0.3 };
    // Not every row of a manifest has every column.
    const reference = [
      { size: 5, hit },
      { size: 5, hit: { LRU: 0.2, Belady: 0.8 } },
    ];
    await writeFile(
      join(folder, 'manifest.json'),
      JSON.stringify({ traces: { small: { file: 'numbers.u32.br', reference } } }),
    );
    const { code, out } = await command('--manifest', join(folder, 'manifest.json'), '--policies', 'lru,fifo');
    expect(code).toBe(0);
    const lru = Number(slowRatio(5, () => 0, true).slice(0, -2));
    expect(out).toMatch(
      new RegExp(`^lru +${((lru - 20) / 0.6).toFixed(2).slice(0, -1)}\\d % +${lru.toFixed(2)} %`, 'm'),
    );
    expect(out).toMatch(/^reference FIFO +16\.67 % +30\.00 % +0 of 1/m);
    const fifo = Number(slowRatio(5, () => 0, false).slice(0, -2));
    expect(out).toMatch(
      new RegExp(
        `^fifo .* ${Math.abs(fifo - 30)
          .toFixed(2)
          .slice(0, -1)}\\d points$`,
        'm',
      ),
    );
  });

  it.each([
    [['nowhere.txt'], 'cannot read nowhere.txt: ENOENT'],
    [['plain.txt', 'nowhere.txt'], 'a path starts from the folder that holds package.json'],
    [['.'], 'give the files in it'],
    [['plain.gz'], 'it is not gzip; name plain text without .gz'],
    [['plain.br'], 'it is not brotli; name plain text without .br'],
    [['cut.gz'], 'the file is cut off; fetch it again'],
    [['torn.u32'], 'ends in the middle of a number'],
    [['empty.txt'], 'has no keys'],
    [['plain.txt', '--sizes', '10,0'], '--sizes must be whole numbers, 1 or more (received 0)'],
    [
      ['plain.txt', '--sizes', '5,99999999999'],
      '--sizes: MemoryCache: maxSize must be a whole number from 1 to 1073741824',
    ],
    [['plain.txt', '--svg', '.'], '--svg: cannot write .: EISDIR'],
    [['plain.txt', '--json', 'nowhere/x.json'], 'name a file in a folder that you may write to'],
    [['plain.txt', '--sizes', 'many'], '--sizes must be whole numbers, 1 or more (received many)'],
    [['plain.txt', '--policies', 'lru,mru'], 'policy must be one of adaptive, lru, lfu, fifo, sieve, s3-fifo'],
    [['plain.txt', '--policies', ','], '--policies must name at least one'],
    [['plain.txt', '--size', '5'], "Unknown option '--size'"],
    [['plain.txt', '--manifest', 'x'], 'not both'],
    [['--manifest', 'x', '--sizes', '5'], '--sizes is for traces'],
    [['--manifest', 'x'], 'cannot read the manifest x'],
    [[], 'give a trace'],
  ])('refuses %j and says why', async (argv, message) => {
    const files = argv.map((each) =>
      /\.(txt|u32|gz|br)$/.test(each) && each !== 'nowhere.txt' ? join(folder, each) : each,
    );
    const { code, out, err } = await command(...files);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain(message);
  });

  it('explains itself', async () => {
    expect((await command('--help')).out).toContain('npm run hit-ratio -- TRACE…');
  });
});

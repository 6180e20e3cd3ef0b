import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { crc32 } from 'node:zlib';
import { isCacheError } from '../../lib/core/index.js';
import { createCache, defineCache } from '../../lib/cache/index.js';
import { MemoryCache, type MemoryCacheOptions } from '../../lib/engine/index.js';
import { FakeClock } from '../../lib/testing/index.js';
import { bytesOf, restoreFrom } from './bytes.js';

const clock = new FakeClock();

function filled(options: MemoryCacheOptions<string, unknown> = {}): MemoryCache<string, unknown> {
  const cache = new MemoryCache<string, unknown>({ clock, policy: 'lru', ...options });
  cache.put('one', { n: 1 }, { ttl: 5_000, groups: ['a'] });
  cache.put('two', [new Date(0), 'ü'], { tti: 700 });
  cache.put('three', null);
  return cache;
}

/** Why bytes are refused; `undefined` when they are not. Checks that the cache is as it was. */
async function refusal(bytes: Uint8Array, options: MemoryCacheOptions<string, unknown> = {}): Promise<unknown> {
  const cache = new MemoryCache<string, unknown>({ clock, ...options });
  cache.put('here', 'before');
  const outcome = await restoreFrom(cache, bytes).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome === undefined) return undefined;
  expect([...cache]).toEqual([['here', 'before']]);
  if (!isCacheError(outcome, 'CACHE_SNAPSHOT')) throw outcome;
  return (outcome as unknown as { failure: string }).failure;
}

describe('promise Life: a damaged snapshot is rejected whole', () => {
  it('whichever of its bytes is another', async () => {
    const bytes = await bytesOf(filled());
    const accepted: number[] = [];
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (bytes[at] as number) ^ (1 << ((at * 5) % 8));
      if ((await refusal(damaged)) === undefined) accepted.push(at);
    }

    expect(bytes.length).toBeGreaterThan(200);
    expect(accepted).toEqual([]);
  }, 60_000);

  it('wherever it ends', async () => {
    const bytes = await bytesOf(filled());
    const failures = new Set<unknown>();
    for (let length = 0; length < bytes.length; length++) failures.add(await refusal(bytes.subarray(0, length)));

    // Nothing at all is no snapshot; a part of one is one that was cut off.
    expect([...failures]).toEqual(['foreign', 'truncated']);
  }, 60_000);

  it('when something follows its end', async () => {
    const bytes = await bytesOf(filled());

    expect(await refusal(Buffer.concat([bytes, Buffer.from([0])]))).toBe('damaged');
    expect(await refusal(Buffer.concat([bytes, bytes]))).toBe('damaged');
  });

  it('when blocks are missing, repeated or of another snapshot', async () => {
    const many = new MemoryCache<number, string>({ clock });
    for (let key = 0; key < 40; key++) many.put(key, 'x'.repeat(8_000));
    const blocks = blocksOf(await bytesOf(many));
    const [start, first, second, ...rest] = blocks as [Buffer, Buffer, Buffer, ...Buffer[]];

    expect(blocks.length).toBeGreaterThan(5);
    expect(await refusal(Buffer.concat([start, second, ...rest]))).toBe('damaged');
    expect(await refusal(Buffer.concat([start, second, first, ...rest]))).toBe('damaged');
    expect(await refusal(Buffer.concat([start, first, first, second, ...rest]))).toBe('damaged');
    expect(await refusal(Buffer.concat(blocks))).toBeUndefined();
  });

  it('when a block says that it has gigabytes', async () => {
    const bytes = Buffer.from(await bytesOf(filled()));
    bytes.writeUInt32LE(0xffff_fff0, 11);

    expect(await refusal(bytes)).toBe('damaged');
  });

  it('when its records are not of this format, though every checksum is right', async () => {
    const [start, records, end] = blocksOf(await bytesOf(filled())) as [Buffer, Buffer, Buffer];
    const payload = Buffer.from(records.subarray(9));
    payload[0] = 77;
    const block = Buffer.concat([records.subarray(0, 9), payload]);
    block.writeUInt32LE(crc32(payload, crc32(block.subarray(0, 5), start.readUInt32LE(15))), 5);

    expect(await refusal(Buffer.concat([start, block, end]))).toBe('damaged');
  });
});

describe('a snapshot that is not for this cache', () => {
  it.each([
    ['a text', 'hello, this is some text that has nothing to do with it'],
    ['a picture', '\x89PNG\r\n\x1a\n0000000000000000000000000000'],
  ])('is rejected as foreign when it is %s', async (_what, content) => {
    expect(await refusal(Buffer.from(content, 'latin1'))).toBe('foreign');
  });

  it('is rejected as newer when its format is not known', async () => {
    const bytes = Buffer.from(await bytesOf(filled()));
    bytes.writeUInt16LE(2, 8);

    expect(await refusal(bytes)).toBe('newer');
  });

  it('is rejected as foreign when it is of another cache, of another kind of cache or of another serializer', async () => {
    const serializer = { id: 99, name: 'odd', encode: () => new Uint8Array(3), decode: () => 'decoded' };
    const bytes = await bytesOf(filled());

    expect(await refusal(bytes, { name: 'users' })).toBe('foreign');
    expect(await refusal(bytes, { codec: serializer })).toBe('foreign');
    const other = createCache(defineCache<string, unknown>('memory'), { clock });
    await expect(restoreFrom(other, bytes)).rejects.toMatchObject({ failure: 'foreign' });
  });

  it('is rejected as missing where there is no file', async () => {
    await expect(filled().restore('/nowhere/at/all')).rejects.toMatchObject({ failure: 'missing' });
  });

  it('passes on what a stream throws, and refuses one that yields no bytes', async () => {
    const broken = new Readable({ read: () => void broken.destroy(new Error('the line is down')) });

    await expect(filled().restore(broken)).rejects.toThrow('the line is down');
    await expect(filled().restore(Readable.from(['text']))).rejects.toThrow('must yield bytes');
    await expect(filled().restore(7 as never)).rejects.toMatchObject({ code: 'CACHE_MISUSE' });
    await expect(filled().snapshot({} as never)).rejects.toMatchObject({ code: 'CACHE_MISUSE' });
  });
});

/** The first has the start of the file and the header. */
function blocksOf(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = 10, from = 0; at < bytes.length; from = at) {
    at += 9 + bytes.readUInt32LE(at + 1);
    blocks.push(bytes.subarray(from, at));
  }
  return blocks;
}

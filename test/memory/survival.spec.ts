import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import type { MemoryOption } from '../../lib/cache/index.js';
import { TYPESCRIPT_FLAGS } from '../processes/child.js';

/** Of the old generation: `--max-old-space-size`. */
const HEAP_MB = Number(
  process.env['STRATA_HEAP_MB'] ?? (process.env['npm_lifecycle_event'] === 'test:soak' ? 256 : 64),
);
/** About 4.5 KB each, so twice as many as there is room for. */
const ENTRIES = HEAP_MB * 450;

const CHILD = fileURLToPath(new URL('filling-child.ts', import.meta.url));

/** Fills caches in a process of its own; how it ended, and what it said. */
async function fill(way: string, memory: MemoryOption, flags: readonly string[] = []) {
  const args = [
    ...flags,
    `--max-old-space-size=${HEAP_MB}`,
    ...TYPESCRIPT_FLAGS,
    CHILD,
    way,
    JSON.stringify(memory),
    `${ENTRIES}`,
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, errors, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null, string | null]>,
  ]);
  return { ended: code === 0 ? 'well' : (signal ?? code), output, errors };
}

describe(`promise Store: with memory, caches without any bound to speak of and a heap of ${HEAP_MB} MB`, () => {
  it('end a process that fills them, where there is no memory option', async () => {
    const { ended, errors } = await fill('between promises', false);
    expect(errors).toMatch(/heap out of memory/);
    expect(ended).not.toBe('well');
  }, 120_000);

  it.each<[string, MemoryOption, ...string[]]>([
    ['in one go', true],
    ['between promises', true],
    ['over many turns', true],
    ['between promises', '16mb'],
    ['in batches', true],
    ['with many small entries, each of which is told of', true],
    ['while a third of the heap is taken by others', true],
    ['in one go', true, '--max-semi-space-size=64'],
  ])(
    'give memory back while they are filled %s (memory: %p, %s)',
    async (way, memory, ...flags) => {
      const { ended, output, errors } = await fill(way, memory, flags);
      expect(errors).toBe('');
      expect(ended).toBe('well');
      const { size, evicted, evictedBySize, heard } = JSON.parse(output) as Record<string, number>;
      expect(evictedBySize).toBe(0);
      if (way.endsWith('told of')) expect(heard).toBeGreaterThan(ENTRIES);
      expect(evicted).toBeGreaterThan(ENTRIES / 4);
      // What there is room for is kept.
      expect(size).toBeGreaterThan(ENTRIES / 50);
    },
    120_000,
  );
});

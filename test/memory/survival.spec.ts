import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import type { MemoryOption } from '../../lib/cache/index.js';
import { TYPESCRIPT_FLAGS } from '../processes/child.js';

/** Of the old generation: `--max-old-space-size`. */
const HEAP_MB = Number(process.env['STRATA_HEAP_MB'] ?? 64);
/** About 4.5 KB each, so twice as many as there is room for. */
const ENTRIES = HEAP_MB * 450;

const CHILD = fileURLToPath(new URL('filling-child.ts', import.meta.url));

/** Fills caches in a process of its own; how it ended, and what it said. */
async function fill(way: string, memory: MemoryOption) {
  const args = [
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

  it.each([
    ['in one go', true],
    ['between promises', true],
    ['over many turns', true],
    ['between promises', '16mb'],
  ])(
    'give memory back while they are filled %s (memory: %p)',
    async (way, memory) => {
      const { ended, output, errors } = await fill(way, memory);
      expect(errors).toBe('');
      expect(ended).toBe('well');
      const { size, evicted, evictedBySize } = JSON.parse(output) as Record<string, number>;
      expect(evictedBySize).toBe(0);
      expect(evicted).toBeGreaterThan(ENTRIES / 4);
      // What there is room for is kept.
      expect(size).toBeGreaterThan(ENTRIES / 20);
    },
    120_000,
  );
});

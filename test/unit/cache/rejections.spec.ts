import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { startChild } from '../../processes/child.js';

describe('promise Numbers: a failing observer harms nobody, and promise Load: no rejection is nobody’s', () => {
  it('every path with a failing loader, under handlers that fail, leaves no unhandled rejection and no uncaught exception', async () => {
    const child = startChild(new URL('rejections-child.ts', import.meta.url));
    const closed = once(child, 'close') as Promise<[number | null]>;
    const lines = (await text(child.stdout as NodeJS.ReadableStream)).trim().split('\n');
    const [code] = await closed;
    expect(lines.filter((line) => !line.startsWith('path '))).toEqual(['seen 0']);
    expect(code).toBe(0);
    expect(lines.filter((line) => line.startsWith('path ')).length).toBeGreaterThan(45);
  }, 120_000);
});

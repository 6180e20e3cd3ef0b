import { describe, expect, it } from '@jest/globals';
import { attach } from '../../../../lib/backends/threads/threads-memory.js';
import { RecordName, SpaceName } from '../../../../lib/backends/threads/record-name.js';
import { RecordTable } from '../../../../lib/backends/threads/record-table.js';
import { ENTRY, FENCE } from '../../../../lib/backends/threads/slots.js';
import { Entries } from '../../../../lib/backends/threads/entries.js';
import { threadsMemory } from '../../../../lib/backends/threads/index.js';
import { inspect } from '../../../backends/threads/inspect.js';

function made() {
  const memory = threadsMemory({ maxBytes: '1mb' });
  const { words, geometry, seed } = attach(memory);
  const table = new RecordTable(words, geometry);
  const space = new SpaceName('s', seed);
  return {
    memory,
    words,
    geometry,
    table,
    entries: new Entries(table),
    named: (key: string) => new RecordName(space, key),
  };
}

describe('blocks that a dead thread has taken and never linked', () => {
  it('are taken back, but not before it is certain that it is dead', () => {
    const { memory, table, entries, named } = made();
    const lost = Array.from({ length: 500 }, () =>
      table.prepare(ENTRY, named('lost'), new Uint8Array(300), Infinity, 0),
    );
    expect(lost.every((block) => block !== undefined)).toBe(true);
    const fill = (nowMs: number): void => {
      for (let at = 0; at < 6_000; at++)
        entries.write(named(`k${at}`), new Uint8Array(300), Infinity, undefined, nowMs);
    };
    fill(8_000);
    expect(inspect(memory, 's').orphans).toBe(500);
    fill(30_000);
    expect(inspect(memory, 's')).toMatchObject({ orphans: 0, problems: [] });
  });
});

describe('a bucket whose holder has died', () => {
  it('serves what is in it, and is taken over by the next writer', () => {
    const { words, geometry, entries, named } = made();
    entries.write(named('k'), new Uint8Array(3), Infinity, undefined, 0);
    for (let bucket = 0; bucket < geometry.bucketCount; bucket++)
      words.add(geometry.bucketsAt + bucket * geometry.bucketWords, 1);
    expect(entries.table.value(ENTRY, named('k'), 0)?.length).toBe(3);
    expect(entries.table.value(ENTRY, named('l'), 0)).toBe(undefined);
    expect(entries.write(named('k'), new Uint8Array(4), Infinity, undefined, 0)).toBe(true);
    expect(entries.table.value(ENTRY, named('k'), 0)?.length).toBe(4);
  });
});

describe('a value that another thread has overwritten when it was no longer its own', () => {
  it('is a miss', () => {
    const { words, geometry, entries, named } = made();
    entries.write(named('k'), new Uint8Array(64).fill(1), Infinity, undefined, 0);
    const all = new Int32Array(geometry.totalBytes / 4);
    words.read(0, all, 0, all.length);
    const at = all.indexOf(0x01010101);
    expect(at).toBeGreaterThan(0);
    words.store(at + 5, 0x01020101);
    expect(entries.table.value(ENTRY, named('k'), 0)).toBe(undefined);
    words.store(at + 5, 0x01010101);
    expect(entries.table.value(ENTRY, named('k'), 0)?.length).toBe(64);
  });
});

describe('where everything is full of fences', () => {
  it('evicts some of them, which refuses their writes, and goes on', () => {
    const { entries, named, table } = made();
    const fences = Array.from({ length: 20_000 }, (_, at) => entries.guards.fence(named(`k${at}`), 60_000, 0));
    const kept = fences.filter((_, at) => table.has(FENCE, named(`k${at}`), 0)).length;
    expect(kept).toBeGreaterThan(1_000);
    const written = fences.map((fence, at) => entries.write(named(`k${at}`), new Uint8Array(1), Infinity, fence, 0));
    expect(written.filter(Boolean).length).toBeLessThanOrEqual(kept);
    expect(written.some(Boolean)).toBe(true);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Packr } from 'msgpackr';
import * as codec from '../../lib/codec/index.js';
import { CASES, codecOf, Point, type WireCase } from './cases.mjs';

const FOLDER = join(import.meta.dirname, 'fixtures');
const FILES = readdirSync(FOLDER).toSorted();
const packr = new Packr({ useRecords: true });

function caseOf(file: string): WireCase {
  const name = /^v\d+-(.+)\.bin$/.exec(file)?.[1] ?? '';
  const wireCase = CASES[name];
  if (wireCase === undefined) throw new Error(`nothing in cases.mjs says what is in ${file}`);
  return wireCase;
}

async function contentsOf(file: string): Promise<{ fields: unknown; value: unknown }> {
  const opened = codecOf(caseOf(file), codec, packr).open(readFileSync(join(FOLDER, file)));
  if (opened.kind === 'problem') throw new Error(`${file}: ${opened.message}`);
  return { fields: opened.fields, value: await opened.value() };
}

describe('bytes that a released version wrote', () => {
  it('are there for each case and format', () => {
    expect(FILES).toEqual(
      Object.keys(CASES)
        .map((name) => `v1-${name}.bin`)
        .toSorted(),
    );
  });

  it.each(FILES)('are read today: %s', async (file) => {
    const { fields, value } = caseOf(file);
    const contents = await contentsOf(file);
    expect(contents.fields).toEqual(fields);
    expect(contents.value).toEqual(value);
    expect(isDeepStrictEqual(contents.value, value)).toBe(true);
  });

  it('have instances of their classes', async () => {
    const { value } = await contentsOf('v1-tagged-class.bin');
    expect((value as { at: unknown }).at).toBeInstanceOf(Point);
  });

  it('keep everything of an error', async () => {
    const expected = CASES['tagged-error']?.value as RangeError & { status: number };
    const { value } = (await contentsOf('v1-tagged-error.bin')) as { value: RangeError & { status: number } };
    expect(value).toBeInstanceOf(RangeError);
    expect([value.stack, (value.cause as Error).stack, value.status]).toEqual([
      expected.stack,
      (expected.cause as Error).stack,
      416,
    ]);
  });
});

describe('bytes that are written today', () => {
  // What zlib and a MessagePack library write is theirs to change.
  const ours = FILES.filter((file) => {
    const { serializer, compression } = caseOf(file);
    return file.startsWith('v1-') && serializer !== 'msgpack' && compression === undefined;
  });

  it.each(ours)('are those of the released version, so that it can read them: %s', async (file) => {
    const wireCase = caseOf(file);
    const bytes = await codecOf(wireCase, codec, packr).encode(wireCase.fields, wireCase.value);
    expect(Buffer.from(bytes).equals(readFileSync(join(FOLDER, file)))).toBe(true);
  });
});

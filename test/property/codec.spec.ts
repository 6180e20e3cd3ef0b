import { isDeepStrictEqual } from 'node:util';
import { serialize } from 'node:v8';
import { brotliCompressSync, crc32, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import {
  EntryCodec,
  jsonSerializer,
  msgpackSerializer,
  taggedSerializer,
  type EnvelopeFields,
  type Serializer,
} from '../../lib/codec/index.js';
import { isCacheError } from '../../lib/core/index.js';

const MAX_ENTRY_BYTES = 2 ** 20;
const CHECKED_FROM = 7;

function codecOf(serializer: Serializer, compression?: 'brotli' | 'gzip', thresholdBytes = 64): EntryCodec {
  return new EntryCodec({
    serializer,
    compression: compression && { algorithm: compression, thresholdBytes },
    maxEntryBytes: MAX_ENTRY_BYTES,
  });
}

const fields = fc.record<EnvelopeFields>(
  {
    key: fc.string({ unit: 'binary' }),
    version: fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 16, maxLength: 16 }),
    writtenAtMs: fc.double({ noNaN: true, noDefaultInfinity: true }),
    ttlMs: fc.double({ min: 0, noNaN: true }),
    staleMs: fc.double({ min: 0, noNaN: true }),
    generations: fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })), { maxLength: 4 }),
  },
  { noNullPrototype: true },
);

// An invalid date differs from itself for node's comparison.
const leaf = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('\ud800', '\udc00', '"', '$', '{"$') }),
  fc.double(),
  fc.integer(),
  fc.bigInt(),
  fc.boolean(),
  fc.constantFrom<unknown>(null, undefined, NaN, -0, Infinity, -Infinity),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array(),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  fc.float64Array(),
  fc.bigInt64Array({ maxLength: 4 }),
  fc.webUrl().map((url) => new URL(url)),
  fc.constantFrom(/a+/g, /["$]/u),
);
const name = fc.oneof(
  fc.string(),
  fc.constantFrom('$', '$date', '$map', '__proto__', 'constructor', 'toString', '0', ''),
);

function record(pairs: readonly (readonly [string, unknown])[]): object {
  const made = {};
  for (const [key, value] of pairs) {
    Object.defineProperty(made, key, { value, writable: true, enumerable: true, configurable: true });
  }
  return made;
}

function withHoles(elements: readonly unknown[]): unknown[] {
  const array: unknown[] = [];
  array.length = elements.length;
  for (const [index, element] of elements.entries()) if (element !== 7) array[index] = element;
  return array;
}

const value = fc.letrec<{ value: unknown }>((tie) => {
  const few = { maxLength: 4 };
  const inner = tie('value');
  return {
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      { weight: 4, arbitrary: leaf },
      fc.array(inner, few),
      fc.array(fc.oneof(inner, fc.constant(7)), few).map(withHoles),
      fc.array(fc.tuple(name, inner), few).map(record),
      fc.tuple(name, inner).map((pair) => record([pair])),
      fc.array(fc.tuple(inner, inner), few).map((pairs) => new Map(pairs)),
      fc.array(inner, few).map((elements) => new Set(elements)),
    ),
  };
}).value;

/** Values that every serializer keeps. */
const plain = fc.jsonValue({ maxDepth: 4 });
const SERIALIZERS = [taggedSerializer(), jsonSerializer(), msgpackSerializer(new Packr({ useRecords: true }))];
const codec = fc
  .tuple(fc.constantFrom(...SERIALIZERS), fc.constantFrom('brotli' as const, 'gzip' as const, undefined))
  .map(([serializer, compression]) => codecOf(serializer, compression));

const envelope = fc.tuple(codec, fields, plain).map(([made, given, data]) => ({
  codec: made,
  bytes: Buffer.from(made.encode(given, data) as Uint8Array),
}));

function isProblem(made: EntryCodec, bytes: Uint8Array): boolean {
  return made.open(bytes).kind === 'problem';
}

describe('a value in an envelope', () => {
  it('comes back the same, with all that stands beside it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fields,
        value,
        fc.constantFrom('brotli', 'gzip', undefined),
        async (given, data, compression) => {
          const made = codecOf(taggedSerializer(), compression);
          const opened = made.open(await made.encode(given, data));
          if (opened.kind === 'problem') return false;
          return isDeepStrictEqual({ ...opened.fields }, given) && isDeepStrictEqual(await opened.value(), data);
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

describe('promise Tiers: damaged bytes are a problem', () => {
  it('with any one bit flipped, and cut anywhere', () => {
    let tried = 0;
    fc.assert(
      fc.property(envelope, ({ codec: made, bytes }) => {
        for (let at = 0; at < bytes.length; at++) {
          if (!isProblem(made, bytes.subarray(0, at))) return false;
          for (let bit = 1; bit < 0x100; bit <<= 1) {
            bytes[at] = (bytes[at] as number) ^ bit;
            const found = isProblem(made, bytes);
            bytes[at] = (bytes[at] as number) ^ bit;
            tried++;
            if (!found) return false;
          }
        }
        return !isProblem(made, bytes);
      }),
      { numRuns: 60 },
    );
    expect(tried).toBeGreaterThan(20_000);
  });

  it('with bytes overwritten, left out, added, or taken from another entry', () => {
    const range = fc.tuple(fc.nat(), fc.nat(20));
    fc.assert(
      fc.property(
        envelope,
        envelope,
        range,
        fc.uint8Array({ maxLength: 20 }),
        fc.boolean(),
        (one, other, [start, count], bytes, fromOther) => {
          const at = start % one.bytes.length;
          const patch = fromOther ? other.bytes.subarray(at, at + count) : bytes;
          const changed = Buffer.concat([one.bytes.subarray(0, at), patch, one.bytes.subarray(at + count)]);
          return changed.equals(one.bytes) || isProblem(one.codec, changed);
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it('when they are of somebody else', () => {
    fc.assert(
      fc.property(codec, fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.jsonValue()), (made, given) =>
        [
          given instanceof Uint8Array ? given : Buffer.from(JSON.stringify(given)),
          new Packr().pack(given),
          serialize(given),
          gzipSync(serialize(given)),
          brotliCompressSync(serialize(given)),
          Buffer.concat([Buffer.of(0xc1, 0x53, 1), serialize(given)]),
        ].every((bytes) => isProblem(made, bytes)),
      ),
      { numRuns: 500 },
    );
  });
});

describe('promise Safety: bytes whose checksum is right, whatever they are', () => {
  /** How reading ends: without a value, with one, or with an error of ours; anything else throws. */
  async function read(made: EntryCodec, bytes: Buffer): Promise<'problem' | 'value' | 'refused'> {
    const opened = made.open(bytes);
    if (opened.kind === 'problem') return 'problem';
    try {
      await opened.value();
      return 'value';
    } catch (error) {
      if (isCacheError(error, 'CACHE_CODEC')) return 'refused';
      throw error;
    }
  }

  function sign(bytes: Buffer): Buffer {
    if (bytes.length >= CHECKED_FROM) bytes.writeUInt32LE(crc32(bytes.subarray(CHECKED_FROM)), 3);
    return bytes;
  }

  it('are refused or read, and neither crash, nor pollute, nor hang', async () => {
    const ends = { problem: 0, value: 0, refused: 0 };
    const mutation = fc.tuple(fc.nat(), fc.nat(4), fc.uint8Array({ maxLength: 4 }));
    await fc.assert(
      fc.asyncProperty(envelope, fc.array(mutation, { minLength: 1, maxLength: 3 }), async (one, mutations) => {
        let { bytes } = one;
        for (const [start, count, patch] of mutations) {
          const at = CHECKED_FROM + (start % (bytes.length - CHECKED_FROM));
          bytes = Buffer.concat([bytes.subarray(0, at), patch, bytes.subarray(at + count)]);
        }
        ends[await read(one.codec, sign(bytes))]++;
      }),
      { numRuns: 5_000 },
    );
    expect(Math.min(...Object.values(ends))).toBeGreaterThan(100);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('also as text of the tagged form that nobody wrote', () => {
    const tagged = taggedSerializer();
    const tagName = fc.constantFrom(
      ...[
        'undefined',
        'hole',
        'number',
        'bigint',
        'date',
        'map',
        'set',
        'regexp',
        'url',
        'bytes',
        'error',
        'class',
        '',
      ],
    );
    const hostile = fc.letrec<{ value: unknown }>((tie) => {
      const inner = tie('value');
      return {
        value: fc.oneof(
          { maxDepth: 4 },
          fc.constantFrom<unknown>(null, 1, 'NaN', 'Uint16Array', 'a', '__proto__', 'Error', '-0', '2026-01-01', '(a'),
          fc.array(inner, { maxLength: 3 }),
          fc.tuple(tagName, inner).map(([tag, contents]) => ({ [`$${tag}`]: contents })),
          fc
            .tuple(fc.constantFrom('name', 'message', 'stack', 'errors', 'fields', '__proto__'), inner)
            .map((pair) => record([pair])),
        ),
      };
    }).value;
    const ends = { value: 0, refused: 0 };
    fc.assert(
      fc.property(hostile, (parsed) => {
        try {
          tagged.decode(Buffer.from(JSON.stringify(parsed)));
          ends.value++;
        } catch (error) {
          // By name: URL throws an error of another realm.
          if (!['SyntaxError', 'TypeError', 'RangeError'].includes((error as Error).name)) throw error;
          ends.refused++;
        }
      }),
      { numRuns: 20_000 },
    );
    expect(Math.min(...Object.values(ends))).toBeGreaterThan(1_000);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

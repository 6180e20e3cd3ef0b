import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MetaProtocolError, MetaReplyParser } from '../../lib/backends/memcached/meta-replies.js';

const MAX_VALUE_BYTES = 64;

/** A reply as the server writes it, and as the parser is to tell it. */
interface Sample {
  readonly wire: Buffer;
  readonly told: unknown;
}

const word = (min: number, max: number) =>
  fc.string({
    minLength: min,
    maxLength: max,
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((c) => String.fromCharCode(c)),
  });

const flags = fc
  .record(
    {
      opaque: word(0, 32),
      key: word(0, 250),
      cas: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
      clientFlags: fc.nat({ max: 2 ** 32 - 1 }),
      ttlSeconds: fc.oneof(fc.constant(Infinity), fc.nat({ max: 2_592_000 })),
      size: fc.nat({ max: 2 ** 20 }),
      vivified: fc.constant(true as const),
    },
    { requiredKeys: [] },
  )
  .map((told) => {
    const letters = { opaque: 'O', key: 'k', cas: 'c', clientFlags: 'f', size: 's' } as const;
    const tokens = Object.entries(told).map(([name, value]) => {
      if (name === 'vivified') return 'W';
      if (name === 'ttlSeconds') return value === Infinity ? 't-1' : `t${value}`;
      return `${letters[name as keyof typeof letters]}${value}`;
    });
    return { told, text: tokens.map((token) => ` ${token}`).join('') };
  });

const head: fc.Arbitrary<Sample> = fc
  .tuple(fc.constantFrom('HD', 'EN', 'NS', 'EX', 'NF', 'MN'), flags)
  .map(([code, { told, text }]) => ({ wire: Buffer.from(`${code}${text}\r\n`, 'latin1'), told: { code, ...told } }));

const value: fc.Arbitrary<Sample> = fc
  .tuple(fc.uint8Array({ maxLength: 2 * MAX_VALUE_BYTES }), flags)
  .map(([bytes, { told, text }]) => ({
    wire: Buffer.concat([Buffer.from(`VA ${bytes.length}${text}\r\n`, 'latin1'), bytes, Buffer.from('\r\n')]),
    told: { code: 'VA', ...told, ...(bytes.length <= MAX_VALUE_BYTES && { value: new Uint8Array(bytes) }) },
  }));

const refusal: fc.Arbitrary<Sample> = fc
  .tuple(fc.constantFrom('SERVER_ERROR ', 'CLIENT_ERROR ', 'ERROR '), word(0, 60))
  .map(([kind, text]) => ({
    wire: Buffer.from(`${kind}${text}\r\n`, 'latin1'),
    told: { code: 'refused', message: kind + text },
  }));

const replies = fc.array(fc.oneof(head, value, refusal), { maxLength: 8 });

/** What a parser tells of these chunks, and the error that ended it. */
function parse(chunks: readonly Buffer[]): { told: unknown[]; error: unknown } {
  const told: unknown[] = [];
  const parser = new MetaReplyParser(MAX_VALUE_BYTES, (reply) => told.push(reply));
  try {
    for (const chunk of chunks) parser.push(chunk);
  } catch (error) {
    return { told, error };
  }
  return { told, error: undefined };
}

function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set([0, ...places.map((place) => place % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  );
  return ends.slice(1).map((end, i) => bytes.subarray(ends[i], end));
}

const wireOf = (samples: readonly Sample[]): Buffer => Buffer.concat(samples.map(({ wire }) => wire));

describe('MetaReplyParser', () => {
  it('tells the replies that were written, wherever the stream is cut', () => {
    fc.assert(
      fc.property(replies, fc.array(fc.nat(), { maxLength: 12 }), (samples, places) => {
        const { told, error } = parse(cutAt(wireOf(samples), places));
        expect(error).toBe(undefined);
        expect(told).toEqual(samples.map((sample) => sample.told));
      }),
      { numRuns: 500 },
    );
  });

  it('tells the same when every byte comes alone', () => {
    fc.assert(
      fc.property(replies, (samples) => {
        const { told, error } = parse([...wireOf(samples)].map((byte) => Buffer.of(byte)));
        expect(error).toBe(undefined);
        expect(told).toEqual(samples.map((sample) => sample.told));
      }),
    );
  });

  it('tells of a truncated stream a beginning of its replies, and no more', () => {
    fc.assert(
      fc.property(replies, fc.nat(), (samples, length) => {
        const wire = wireOf(samples);
        const { told, error } = parse([wire.subarray(0, length % (wire.length + 1))]);
        expect(error).toBe(undefined);
        expect(told).toEqual(samples.slice(0, told.length).map((sample) => sample.told));
      }),
      { numRuns: 300 },
    );
  });

  it('ends garbage with a MetaProtocolError, or waits for more of it within a bound', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 600 }), { maxLength: 6 }), (chunks) => {
        const { error } = parse(chunks.map((chunk) => Buffer.from(chunk)));
        expect(error === undefined || error instanceof MetaProtocolError).toBe(true);
        if (Buffer.concat(chunks).includes('\n')) expect(error).toBeInstanceOf(MetaProtocolError);
        else expect(error !== undefined).toBe(chunks.reduce((sum, { length }) => sum + length, 0) > 1_024);
      }),
      { numRuns: 300 },
    );
  });

  it('throws nothing else when bits are flipped', () => {
    fc.assert(
      fc.property(
        replies,
        fc.array(fc.tuple(fc.nat(), fc.nat({ max: 7 })), { minLength: 1, maxLength: 4 }),
        (samples, flips) => {
          const wire = wireOf(samples);
          if (wire.length === 0) return;
          for (const [place, bit] of flips) {
            const at = place % wire.length;
            wire[at] = (wire[at] as number) ^ (1 << bit);
          }
          const { error } = parse([wire]);
          expect(error === undefined || error instanceof MetaProtocolError).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});

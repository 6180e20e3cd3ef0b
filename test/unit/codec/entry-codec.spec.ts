import { describe, expect, it } from '@jest/globals';
import { brotliCompressSync, constants, crc32, gzipSync } from 'node:zlib';
import {
  CodecError,
  EntryCodec,
  jsonSerializer,
  taggedSerializer,
  type EntryCodecOptions,
  type EnvelopeFields,
  type OpenedEnvelope,
  type Serializer,
} from '../../../lib/codec/index.js';
import { seededRandom } from '../../../lib/core/index.js';

const fields: EnvelopeFields = {
  key: 'user:42',
  version: '0123456789abcdef',
  writtenAtMs: 1_760_000_000_000.5,
  ttlMs: 300_000,
  staleMs: Infinity,
  generations: [
    ['', 'f00d'],
    ['catalog', 'beef'],
  ],
};

function codecOf(options: Partial<EntryCodecOptions> = {}): EntryCodec {
  return new EntryCodec({
    serializer: taggedSerializer(),
    compression: { algorithm: 'brotli', thresholdBytes: 2048 },
    maxEntryBytes: 2 ** 20,
    ...options,
  });
}

function opened(codec: EntryCodec, bytes: Uint8Array): OpenedEnvelope {
  const envelope = codec.open(bytes);
  if (envelope.kind === 'envelope') return envelope;
  throw new Error(envelope.message);
}

/** The bytes with the checksum that they should have. */
function signed(bytes: Uint8Array, change: (bytes: Buffer) => void): Buffer {
  const copy = Buffer.from(bytes);
  change(copy);
  copy.writeUInt32LE(crc32(copy.subarray(7)), 3);
  return copy;
}

function bytesOf(codec: EntryCodec, value: unknown, given: EnvelopeFields = fields): Uint8Array {
  const bytes = codec.encode(given, value);
  if (bytes instanceof Promise) throw new Error('it is compressed later');
  return bytes;
}

describe('an entry in bytes', () => {
  it('keeps its fields and its value', async () => {
    const codec = codecOf();
    const back = opened(codec, bytesOf(codec, { at: new Date(0) }));
    expect(back.kind).toBe('envelope');
    expect(back.fields).toEqual(fields);
    expect(await back.value()).toEqual({ at: new Date(0) });
  });

  it.each([
    ['empty', ''],
    ['of lone surrogates', 'a\ud800b\udc00'],
    ['that is no ASCII', '😀é\u0000'],
    ['of 100 KB', 'é'.repeat(50_000)],
  ])('keeps a key that is %s, and groups like it', (_, key) => {
    const codec = codecOf();
    const given = { ...fields, key, generations: [[key, key]] as const };
    expect(opened(codec, bytesOf(codec, 1, given)).fields).toEqual(given);
  });

  it('has a value that is decoded only when it is asked for', () => {
    let decoded = 0;
    const counting: Serializer = { id: 16, name: 'counting', encode: () => Buffer.from('x'), decode: () => ++decoded };
    const codec = codecOf({ serializer: counting });
    const envelope = opened(codec, bytesOf(codec, 1));
    expect(decoded).toBe(0);
    expect([envelope.value(), envelope.value()]).toEqual([1, 2]);
  });

  it('is refused with a version that is none', () => {
    expect(() => codecOf().encode({ ...fields, version: '0123456789abcdeg' }, 1)).toThrow('16 hexadecimal digits');
    expect(() => codecOf().encode({ ...fields, version: '01' }, 1)).toThrow('16 hexadecimal digits');
  });
});

describe('compression', () => {
  const text = 'all work and no play '.repeat(500);

  it.each(['brotli', 'gzip'] as const)(
    'by %s makes long values shorter, for readers with any setting',
    async (algorithm) => {
      const codec = codecOf({ compression: { algorithm, thresholdBytes: 2048 } });
      const bytes = bytesOf(codec, text);
      expect(bytes.length).toBeLessThan(1_000);
      expect(await opened(codecOf({ compression: undefined }), bytes).value()).toBe(text);
    },
  );

  it('is left out below the threshold and where it gains little', () => {
    const random = seededRandom(1);
    const incompressible = Buffer.from(Array.from({ length: 3_000 }, () => Math.floor(random() * 256)));
    const raw: Serializer = { id: 16, name: 'raw', encode: () => incompressible, decode: (bytes) => bytes };
    const codec = codecOf({ serializer: raw });
    expect(bytesOf(codec, undefined).length).toBeGreaterThan(incompressible.length);
    expect(bytesOf(codecOf(), 'a'.repeat(2_000)).length).toBeGreaterThan(2_000);
  });

  it('happens later, both ways, where there is much to do', async () => {
    const codec = codecOf();
    const long = 'all work and no play '.repeat(5_000);
    const promised = codec.encode(fields, long);
    expect(promised).toBeInstanceOf(Promise);
    const value = opened(codec, await promised).value();
    expect(value).toBeInstanceOf(Promise);
    expect(await value).toBe(long);
  });
});

describe('promise Safety: the limit of bytes', () => {
  it('refuses larger values, whether or not they would be compressed', () => {
    const codec = codecOf({ maxEntryBytes: 5_000 });
    expect(() => codec.encode(fields, 'a'.repeat(5_001))).toThrow(
      expect.objectContaining({ code: 'CACHE_CODEC', failure: 'too-large' }),
    );
  });

  it('counts the envelope', () => {
    const codec = codecOf({ maxEntryBytes: 500, compression: undefined });
    expect(() => codec.encode(fields, 'a'.repeat(490))).toThrow('500 are allowed');
  });

  it.each([
    [
      'brotli',
      1,
      (bytes: Uint8Array) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
    ],
    ['gzip', 2, (bytes: Uint8Array) => gzipSync(bytes, { level: 1 })],
  ] as const)('holds against a %s bomb, whatever length it admits to', async (_, id, compress) => {
    const bomb = compress(new Uint8Array(200 * 2 ** 20));
    const codec = codecOf();
    const bombWith = (rawLength: number): Buffer => {
      const bytes = bytesOf(codec, 1);
      return signed(Buffer.concat([bytes.subarray(0, -1), bomb]), (copy) => {
        copy[8] = id;
        copy.writeUInt32LE(rawLength, 9);
      });
    };
    expect(codec.open(bombWith(200 * 2 ** 20))).toMatchObject({ kind: 'problem', reason: 'compression' });
    for (const admitted of [0, 1, 1_000, 2 ** 20]) {
      const value = (): Promise<unknown> => Promise.resolve(opened(codec, bombWith(admitted)).value());
      const refused = await (async () => value())().catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(CodecError);
      // It ended where the length ended that it admits to.
      expect(refused).toMatchObject({ cause: { code: 'ERR_BUFFER_TOO_LARGE' } });
    }
  });

  it('also refuses a compressed value shorter than it says', () => {
    const codec = codecOf();
    const bytes = signed(bytesOf(codec, 'a'.repeat(5_000)), (copy) => copy.writeUInt32LE(6_000, 9));
    expect(() => opened(codec, bytes).value()).toThrow('5002 bytes instead of 6000');
  });
});

describe('bytes that are no entry', () => {
  const codec = codecOf();
  const bytes = bytesOf(codec, { a: 1 });

  it.each<readonly [string, Uint8Array, string]>([
    ['nothing', new Uint8Array(), 'foreign'],
    ['JSON', Buffer.from('{"a":1}'), 'foreign'],
    ['a newer format', signed(bytes, (copy) => void (copy[2] = 2)), 'version'],
    ['a cut one', bytes.subarray(0, -1), 'damaged'],
    ['the very beginning of one', bytes.subarray(0, 3), 'damaged'],
    ['a longer one', Buffer.concat([bytes, Buffer.of(0)]), 'damaged'],
    ['a serializer that is not known', signed(bytes, (copy) => void (copy[7] = 99)), 'serializer'],
    ['a compression that is not known', signed(bytes, (copy) => void (copy[8] = 3)), 'compression'],
    ['a negative ttl', signed(bytes, (copy) => void copy.writeDoubleLE(-1, 21)), 'damaged'],
    ['a ttl that is no number', signed(bytes, (copy) => void copy.writeDoubleLE(NaN, 21)), 'damaged'],
    ['a key longer than the rest', signed(bytes, (copy) => copy.fill(0xff, 45, 49)), 'damaged'],
    ['a length without end', signed(bytes, (copy) => copy.fill(0xff, 45)), 'damaged'],
    ['a string', 'text' as unknown as Uint8Array, 'foreign'],
    ['nothing at all', undefined as unknown as Uint8Array, 'foreign'],
  ])('are a problem: %s', (_, given, reason) => {
    expect(codec.open(given)).toMatchObject({
      kind: 'problem',
      reason,
      message: expect.stringContaining('not an entry'),
    });
  });

  it('are a problem when another serializer wrote them, unless that is known too', () => {
    const written = bytesOf(codecOf({ serializer: jsonSerializer() }), [1]);
    expect(codec.open(written)).toMatchObject({ kind: 'problem', reason: 'serializer' });
    expect(opened(codecOf({ also: [jsonSerializer()] }), written).value()).toEqual([1]);
  });

  it('make a failure of value() when only the value is wrong', () => {
    const wrong = signed(bytes, (copy) => void (copy[copy.length - 1] = 0));
    expect(() => opened(codec, wrong).value()).toThrow(
      expect.objectContaining({ code: 'CACHE_CODEC', failure: 'undecodable', cause: expect.any(SyntaxError) }),
    );
  });
});

describe('a value that a serializer refuses', () => {
  it('is told of in a short message', () => {
    const talkative: Serializer = {
      id: 16,
      name: 'talkative',
      encode: () => {
        throw new Error('x'.repeat(1e6));
      },
      decode: () => undefined,
    };
    try {
      codecOf({ serializer: talkative }).encode(fields, 1);
    } catch (error) {
      expect((error as Error).message.length).toBeLessThan(300);
    }
    expect.assertions(1);
  });

  it('keeps the place, or the reason', () => {
    expect(() => codecOf().encode(fields, { a: () => 1 })).toThrow(expect.objectContaining({ path: '.a' }));
    expect(() => codecOf({ serializer: jsonSerializer() }).encode(fields, { a: 1n })).toThrow(
      expect.objectContaining({ failure: 'unencodable', cause: expect.any(TypeError) }),
    );
  });
});

describe('the texts of an envelope', () => {
  const ends = ['', '\x7f', '\x80', 'é', '漢', '😀', '\ud800'];

  it.each([2, 62, 63, 64, 65, 8_191, 8_192])('are read as they were written, at %d characters', (length) => {
    const codec = codecOf();
    for (const end of ends) {
      const text = 'k'.repeat(length - end.length) + end;
      const generations = [[text, text]] as const;
      const read = opened(codec, codec.encode({ ...fields, key: text, generations }, text) as Uint8Array);
      expect([read.fields.key, read.fields.generations, read.value()]).toEqual([text, generations, text]);
    }
  });

  it.each([taggedSerializer(), jsonSerializer()])(
    'of $name are the same whether it gives them as text or bytes',
    (own) => {
      const { id, name, encode, decode } = own;
      const values = [
        '',
        'x'.repeat(2_047),
        'é'.repeat(1_023),
        'é'.repeat(1_500),
        '\ud800',
        { text: '漢', list: [1, null] },
      ];
      for (const value of values) {
        const [asText, asBytes] = [own, { id, name, encode, decode }].map((serializer) =>
          codecOf({ serializer }).encode(fields, value),
        );
        expect(asText).toEqual(asBytes);
      }
    },
  );
});

describe('a serializer of text', () => {
  it('says of a value without text that it cannot be encoded, whatever made it so', () => {
    const list = Object.assign([1], { toJSON: () => undefined });
    expect(() => codecOf().encode(fields, list)).toThrow(CodecError);
  });

  it('is asked for bytes where somebody has put another encode in its place', () => {
    const encode = (): Uint8Array => Buffer.from('"secret"');
    const serializer = Object.assign(jsonSerializer(), { encode });
    expect(Buffer.from(codecOf({ serializer }).encode(fields, 'plain') as Uint8Array).toString('latin1')).toMatch(
      /"secret"/,
    );
  });
});

/* What the fixtures hold. A case that was released is never changed, nor its file: a version that somebody has run wrote
 * it. New cases, and new formats of the old ones, are added. */

/** A class that comes back as itself. */
export class Point {
  constructor(x, y) {
    this.x = x;
    this.y = y;
  }
}

const fields = {
  key: 'user:42',
  version: '0123456789abcdef',
  writtenAtMs: 1_767_225_600_000,
  ttlMs: 300_000,
  staleMs: 60_000,
  generations: [['', '5f3a9c0d1e2b4a68']],
};

function noted() {
  const error = new RangeError('too far', { cause: new TypeError('deep') });
  error.stack = 'RangeError: too far\n    at nowhere';
  error.cause.stack = 'TypeError: deep\n    at nowhere';
  return Object.assign(error, { status: 416, at: new Date(0) });
}

function withHoles() {
  const array = [];
  array.length = 4;
  array[1] = 'one';
  return array;
}

const binary = Uint8Array.from({ length: 16 }, (_, i) => i * 17);

/** By the name of the file, without the format in front. */
export const CASES = {
  'tagged-plain': { serializer: 'tagged', fields, value: { id: 42, name: 'Ada', tags: ['a', null, true, -1.5] } },
  'tagged-envelope': {
    serializer: 'tagged',
    fields: {
      key: 'é😀\ud800 \u0000*:{}',
      version: 'ffffffffffffffff',
      writtenAtMs: 1_767_225_600_000.5,
      ttlMs: Infinity,
      staleMs: 0,
      generations: [
        ['', ''],
        ['catalog', 'feedfacecafebeef'],
        ['tenant:é', '1'],
      ],
    },
    value: null,
  },
  'tagged-collections': {
    serializer: 'tagged',
    fields,
    value: {
      map: new Map([['a', new Map([[{ k: 1 }, new Set([1, 'b'])]])]]),
      holes: withHoles(),
      at: new Date(86_400_000),
    },
  },
  'tagged-scalars': {
    serializer: 'tagged',
    fields,
    value: [
      undefined,
      NaN,
      Infinity,
      -Infinity,
      -0,
      -(2n ** 80n),
      /a+\/"/giu,
      new URL('https://example.org/a?b=c#d'),
      '\udc00',
    ],
  },
  'tagged-binary': {
    serializer: 'tagged',
    fields,
    value: [
      Buffer.from(binary),
      binary,
      ...[
        Int8Array,
        Uint8ClampedArray,
        Int16Array,
        Uint16Array,
        Int32Array,
        Uint32Array,
        Float32Array,
        Float64Array,
      ].map((type) => type.of(1, 2, 250)),
      BigInt64Array.of(-1n),
      BigUint64Array.of(2n ** 63n),
      binary.buffer.slice(0, 3),
      new DataView(binary.buffer.slice(4, 8)),
    ],
  },
  'tagged-error': { serializer: 'tagged', fields, value: noted() },
  'tagged-class': { serializer: 'tagged', fields, value: { at: new Point(1, new Point(2n, undefined)) } },
  'tagged-look-alikes': {
    serializer: 'tagged',
    fields,
    value: [{ $date: 'x' }, { $: { $: 1 } }, JSON.parse('{"__proto__":{"polluted":true},"constructor":1}')],
  },
  'tagged-brotli': { serializer: 'tagged', compression: 'brotli', fields, value: rows() },
  'tagged-gzip': { serializer: 'tagged', compression: 'gzip', fields, value: rows() },
  'json-plain': { serializer: 'json', fields, value: { id: 42, name: 'Ada', tags: ['a', null, true, -1.5] } },
  'msgpack-plain': { serializer: 'msgpack', fields, value: { rows: rows().slice(0, 3), at: new Date(0) } },
};

function rows() {
  return Array.from({ length: 40 }, (_, id) => ({
    id,
    name: `user ${id}`,
    since: new Date(id * 1_000),
    active: id % 2 === 0,
  }));
}

/** The codec of a case, from the exports of `lib/codec` and a MessagePack library. */
export function codecOf({ serializer, compression }, codec, packr) {
  const serializers = {
    tagged: () => codec.taggedSerializer({ classes: [codec.classCodec(Point, { name: 'Point' })] }),
    json: () => codec.jsonSerializer(),
    msgpack: () => codec.msgpackSerializer(packr),
  };
  return new codec.EntryCodec({
    serializer: serializers[serializer](),
    compression: compression && { algorithm: compression, thresholdBytes: 1 },
    maxEntryBytes: 2 ** 20,
  });
}

import { describe, expect, it } from '@jest/globals';
import { Packr } from 'msgpackr';
import { isDeepStrictEqual } from 'node:util';
import { jsonSerializer, msgpackSerializer, taggedSerializer, type Serializer } from '../../../lib/codec/index.js';

const SERIALIZERS: readonly Serializer[] = [
  taggedSerializer(),
  jsonSerializer(),
  msgpackSerializer(new Packr({ useRecords: true })),
];

/** What becomes of a value: it comes back the same, another comes back, or it is refused. */
type Outcome = 'kept' | 'changed' | 'refused';

function outcome(serializer: Serializer, value: unknown): Outcome {
  let bytes: Uint8Array;
  try {
    bytes = serializer.encode(value);
  } catch {
    return 'refused';
  }
  return isDeepStrictEqual(serializer.decode(bytes), value) ? 'kept' : 'changed';
}

const withProto: object = JSON.parse('{"__proto__":{"polluted":true},"a":1}') as object;
class Plain {
  a = 1;
}
class Hidden {
  readonly #a = 1;
  get a(): number {
    return this.#a;
  }
}
const withHoles: unknown[] = [];
withHoles.length = 4;
withHoles[1] = 1;
const circular: { self?: unknown } = {};
circular.self = circular;

/** What each serializer does with each kind of value, in the order tagged, json, msgpack. */
const TABLE: readonly (readonly [string, unknown, readonly [Outcome, Outcome, Outcome]])[] = [
  ['plain data', { a: [1, 'x', null, true, { b: -1.5e300 }], '': '' }, ['kept', 'kept', 'kept']],
  ['null', null, ['kept', 'kept', 'kept']],
  ['Date', { at: new Date(1_000) }, ['kept', 'changed', 'kept']],
  ['Date with a year above 9999', new Date(8.64e15), ['kept', 'changed', 'kept']],
  ['Map', new Map<unknown, unknown>([['a', new Map([[{ k: 1 }, 2]])]]), ['kept', 'changed', 'kept']],
  ['Set', new Set([1, 'a', new Set([null])]), ['kept', 'changed', 'changed']],
  ['bigint of 64 bits', { n: -(2n ** 63n) }, ['kept', 'refused', 'kept']],
  ['bigint of more bits', 2n ** 200n, ['kept', 'refused', 'refused']],
  ['Buffer', { bytes: Buffer.from([0, 255]) }, ['kept', 'changed', 'kept']],
  ['Uint8Array', new Uint8Array([0, 255]), ['kept', 'changed', 'changed']],
  ['Float64Array', new Float64Array([1.5, -0, NaN]), ['kept', 'changed', 'changed']],
  ['BigInt64Array', new BigInt64Array([-1n]), ['kept', 'refused', 'changed']],
  ['a view into the middle of a buffer', new Uint16Array([1, 2, 3, 4]).subarray(1, 3), ['kept', 'changed', 'changed']],
  ['DataView', new DataView(new Uint8Array([1, 2]).buffer), ['kept', 'changed', 'changed']],
  ['ArrayBuffer', new Uint8Array([1, 2]).buffer, ['kept', 'changed', 'changed']],
  ['undefined', undefined, ['kept', 'refused', 'kept']],
  ['a property that is undefined', { a: undefined }, ['kept', 'changed', 'kept']],
  ['NaN and the infinities', [NaN, Infinity, -Infinity], ['kept', 'changed', 'kept']],
  ['-0', -0, ['kept', 'changed', 'changed']],
  ['RegExp', /a+\/"/giu, ['kept', 'changed', 'changed']],
  ['URL', new URL('https://user@example.org/a?b=c#d'), ['kept', 'changed', 'changed']],
  ['Error', new TypeError('no', { cause: new RangeError('deep') }), ['kept', 'changed', 'changed']],
  [
    'Error with fields',
    Object.assign(new Error('no'), { status: 404, at: new Date(0) }),
    ['kept', 'changed', 'changed'],
  ],
  ['an array with holes', withHoles, ['kept', 'changed', 'changed']],
  ['lone surrogates', ['\ud800', '\udc00', '😀'], ['kept', 'kept', 'changed']],
  ['an own property __proto__', withProto, ['kept', 'kept', 'changed']],
  ['what looks like our tags', [{ $date: 'x' }, { $: { $undefined: true } }, { $: 1, a: 2 }], ['kept', 'kept', 'kept']],
  ['an instance of a class that is not registered', new Plain(), ['changed', 'changed', 'changed']],
  ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), ['changed', 'changed', 'changed']],
  ['an instance with hidden state', new Hidden(), ['refused', 'changed', 'changed']],
  ['a promise', Promise.resolve(1), ['refused', 'changed', 'changed']],
  ['a function', { f: () => 1 }, ['refused', 'changed', 'changed']],
  ['a symbol', [Symbol('s')], ['refused', 'changed', 'refused']],
  ['a circular structure', circular, ['refused', 'refused', 'refused']],
];

describe('a value that goes through bytes', () => {
  it.each(TABLE)('%s: as the table says for tagged, json and msgpack', (_, value, expected) => {
    expect(SERIALIZERS.map((serializer) => outcome(serializer, value))).toEqual(expected);
  });

  it('promise Safety: pollutes no prototype', () => {
    for (const serializer of SERIALIZERS) serializer.decode(serializer.encode(withProto));
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

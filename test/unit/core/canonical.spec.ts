import querystring from 'node:querystring';
import vm from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import {
  CacheMisuseError,
  canonical,
  canonicalArguments,
  NOT_PRIMITIVE,
  parseCanonicalPrimitive,
} from '../../../lib/core/index.js';

class UserId {
  constructor(readonly value: number) {}
}
class OrderId {
  constructor(readonly value: number) {}
}

function refusal(value: unknown): CacheMisuseError {
  let text: string;
  try {
    text = canonical(value);
  } catch (error) {
    expect(error).toBeInstanceOf(CacheMisuseError);
    return error as CacheMisuseError;
  }
  throw new Error(`expected a refusal, got ${text.slice(0, 80)}`);
}

describe('canonical', () => {
  it('reads like JSON for plain values', () => {
    expect(canonical('42')).toBe('"42"');
    expect(canonical(42)).toBe('42');
    expect(canonical(true)).toBe('true');
    expect(canonical(null)).toBe('null');
    expect(canonical({ b: 1, a: 'x' })).toBe('{"a":"x","b":1}');
    expect(canonical([1, ['a', {}], []])).toBe('[1,["a",{}],[]]');
    expect(canonical('say "hi"\\\n\u2028')).toBe(JSON.stringify('say "hi"\\\n\u2028'));
  });

  it('writes what JSON has no form for readably', () => {
    expect(canonical(1n)).toBe('1n');
    expect(canonical(undefined)).toBe('undefined');
    expect(canonical(new Date(Date.UTC(2026, 0, 31)))).toBe('Date(2026-01-31T00:00:00.000Z)');
    expect(canonical(new Map([['a', 1]]))).toBe('Map("a"=>1)');
    expect(canonical(new Set([2, 1]))).toBe('Set(1,2)');
    expect(canonical(/a+/gi)).toBe('RegExp("a+","gi")');
    expect(canonical(new Uint8Array([0, 255]))).toBe('Uint8Array(00ff)');
    expect(canonical(Buffer.from([0, 255]))).toBe('Buffer:Uint8Array(00ff)');
    expect(canonical(new Float64Array([1.5, -0]))).toBe('Float64Array(1.5,0)');
    expect(canonical(new URL('https://a.example/x?y#z'))).toBe('URL("https://a.example/x?y#z")');
    expect(canonical(new URLSearchParams('a=1&b=2'))).toBe('URLSearchParams("a=1&b=2")');
    expect(canonical(new UserId(7))).toBe('UserId{"value":7}');
  });

  it('gives each of these a text of its own', () => {
    const sparse = [1, 2];
    delete sparse[0];
    const groups: unknown[][] = [
      [1, '1', 1n, true, 'true', '1n', null, 'null', undefined, 'undefined', NaN, 'NaN', Infinity, -Infinity, -1, 0],
      [{}, [], [undefined], [null], new Array(1), new Array(2), sparse, [undefined, 2], { length: 0 }],
      [{ a: undefined }, { a: null }, { a: 1 }, { a: '1' }, { 'a"': 1 }, { a: { b: 1 } }, { a: 1, b: 1 }],
      ['a:b', 'a', ['a:b', 'c'], ['a', 'b:c'], ['a,b'], ['a', 'b'], '["a","b"]', '\ud83d', '\ude00', '😀', '\\ud83d'],
      [new Date(0), new Date(1), new Date(NaN), '1970-01-01T00:00:00.000Z', 'Date(1970-01-01T00:00:00.000Z)'],
      [new Map(), new Set(), new Map([[1, 2]]), new Map([['1', 2]]), new Set([1, 2]), new Set([[1, 2]]), [1, 2]],
      [new Map([[{}, {}]]), new Map([[[], {}]]), new Set([{}]), new Set([{}, {}])],
      [/a/, /a/g, /b/, new RegExp('a","g')],
      [new Uint8Array(1), new Int8Array(1), new Uint8ClampedArray(1), new Uint16Array(1), new BigInt64Array(1)],
      [new Float32Array(1), new DataView(new ArrayBuffer(1)), Buffer.alloc(1), Buffer.alloc(2)],
      [new ArrayBuffer(1), new SharedArrayBuffer(1)],
      [new URL('https://a.example/'), 'https://a.example/', new URL('https://b.example/')],
      [new UserId(7), new OrderId(7), { value: 7 }, new UserId(8)],
      [Object('x'), 'x', ['x'], Object(1), Object(true), Object(1n)],
      [Object.assign([1], { extra: 1 }), [1], { 0: 1, extra: 1 }, Object.assign([1], { '-1': 1 })],
      [class {}, class Date {}, class Map {}, class Object {}].map((type) => new type()),
      [Object.assign(new Date(0), { zone: 'UTC' }), new (class Day extends Date {})(0)],
    ];
    const texts = groups.flat().map(canonical);
    expect(texts.filter((text, index) => texts.indexOf(text) !== index)).toEqual([]);
  });

  it('gives one text to what is structurally equal', () => {
    const equal: [unknown, unknown][] = [
      [
        { a: 1, b: { c: 1, d: 2 } },
        { b: { d: 2, c: 1 }, a: 1 },
      ],
      [0, -0],
      [{ a: [-0] }, { a: [0] }],
      [
        new Map<unknown, unknown>([
          [1, 'a'],
          [{ k: 1 }, 'b'],
        ]),
        new Map<unknown, unknown>([
          [{ k: 1 }, 'b'],
          [1, 'a'],
        ]),
      ],
      [new Set([{ a: 1 }, 2]), new Set([2, { a: 1 }])],
      [new Date(5), new Date(5)],
      [Buffer.from('ab'), Buffer.from('xabx').subarray(1, 3)],
      [new Uint8Array([1, 2]), new Uint8Array([0, 1, 2]).subarray(1)],
      [new UserId(7), new UserId(7)],
      [Object.assign(Object.create(null), { a: '1' }), { a: '1' }],
      [querystring.parse('a=1'), { a: '1' }],
      [
        vm.runInNewContext('({ at: new Date(0), in: [new Map([[1, 2]])] })'),
        { at: new Date(0), in: [new Map([[1, 2]])] },
      ],
      [JSON.parse('{"__proto__":{"a":1}}'), JSON.parse('{"__proto__":{"a":1}}')],
    ];
    for (const [one, other] of equal) expect(canonical(one)).toBe(canonical(other));
  });

  it('does not take an own "__proto__" or "constructor" property for anything but a property', () => {
    expect(canonical(JSON.parse('{"__proto__":1,"constructor":2}'))).toBe('{"__proto__":1,"constructor":2}');
  });

  it('takes an instance without any property where its class has nothing but a constructor', () => {
    class Filter {
      declare name?: string;
    }
    expect(canonical(new Filter())).toBe('Filter{}');
  });

  it('accepts one value in several places', () => {
    const shared = { id: 1 };
    expect(canonical([shared, shared])).toBe('[{"id":1},{"id":1}]');
  });

  it('reads getters and calls no method', () => {
    const calls: string[] = [];
    const value = {
      get total() {
        return 3;
      },
    };
    class Money {
      readonly cents = 5;
      toJSON(): string {
        calls.push('toJSON');
        return 'five';
      }
      toString(): string {
        calls.push('toString');
        return 'five';
      }
    }
    expect(canonical(value)).toBe('{"total":3}');
    expect(canonical(new Money())).toBe('Money{"cents":5}');
    expect(calls).toEqual([]);
  });

  describe('refusal', () => {
    class Hidden {
      readonly #secret: number;
      constructor(secret: number) {
        this.#secret = secret;
      }
      get double(): number {
        return this.#secret * 2;
      }
    }

    it('says what the value is, where it stands and what to do', () => {
      expect(refusal({ user: { roles: [1, () => 2], 'is-x': 1 } }).message).toBe(
        'the key at .user.roles[1] is function (anonymous), so it cannot be a cache key or part of one; ' +
          'give a key function that picks what tells one value from another',
      );
      expect(refusal(Symbol.for('x')).message).toMatch(/^the key is a symbol \(Symbol\(x\)\), so/);
      expect(refusal({ 'a-b': [Promise.resolve()] }).message).toMatch(
        /^the key at \["a-b"\]\[0\] is an object of the kind Promise/,
      );
    });

    it.each<[string, unknown, RegExp]>([
      ['a promise', Promise.resolve(), /kind Promise/],
      ['a WeakMap', new WeakMap(), /kind WeakMap/],
      ['a WeakSet', new WeakSet(), /kind WeakSet/],
      ['an error', new Error('x'), /kind Error/],
      ['a generator', (function* () {})(), /kind Generator/],
      ['headers', new Headers({ a: '1' }), /kind Headers/],
      ['an enumerable property under a symbol', { [Symbol('op')]: 1 }, /property under a symbol \(Symbol\(op\)\)/],
      ['data on a prototype', Object.create({ tenant: 'a' }), /inherits from an object that is not the prototype/],
      ['an instance with hidden state', new Hidden(1), /instance of Hidden without a property of its own/],
      ['a method among the properties', { run() {} }, /at \.run is function run/],
      ['a process', process, /kind process/],
    ])('meets %s', (_, value, problem) => {
      expect(refusal(value).message).toMatch(problem);
    });

    it('meets a class that pretends to be built in', () => {
      class Pretender {
        get [Symbol.toStringTag](): string {
          return 'Date';
        }
      }
      expect(refusal(new Pretender()).message).toMatch(/throws when it is read/);
    });

    it('meets circular structures', () => {
      const circular: { self?: unknown; list: unknown[] } = { list: [] };
      circular.list.push({ back: circular });
      expect(refusal(circular).message).toMatch(/^the key at \.list\[0\]\.back leads back/);
      const map = new Map<string, unknown>();
      map.set('me', map);
      expect(refusal(map).message).toMatch(/circular/);
    });

    it('keeps the cause when a getter throws', () => {
      const cause = new Error('database is closed');
      const error = refusal({
        get row(): never {
          throw cause;
        },
      });
      expect(error.cause).toBe(cause);
      expect(error.message).toMatch(/throws when it is read/);
    });

    it('accepts 32 levels and refuses 33', () => {
      const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
      expect(canonical(nested(32))).toBe(`${'['.repeat(32)}1${']'.repeat(32)}`);
      expect(refusal(nested(33)).message).toMatch(/nested more than 32 levels deep/);
      expect(refusal(nested(5_000)).message).toMatch(/nested more than 32 levels deep/);
    });

    it('accepts 10,000 values and refuses more, however they are spread', () => {
      expect(canonical(new Array(9_999).fill(1))).toHaveLength(2 * 9_999 + 1);
      expect(refusal(new Array(10_000).fill(1)).message).toMatch(/holds more than 10000 values/);
      expect(refusal(new Array(2 ** 32 - 1)).message).toMatch(/holds more than 10000 values/);
      let doubling: unknown = 1;
      for (let i = 0; i < 30; i++) doubling = [doubling, doubling];
      expect(refusal(doubling).message).toMatch(/holds more than 10000 values/);
    });

    it('accepts texts of 1,048,576 characters and refuses longer ones', () => {
      expect(canonical('a'.repeat(2 ** 20 - 2))).toHaveLength(2 ** 20);
      for (const long of [
        'a'.repeat(2 ** 20 - 1),
        'a'.repeat(2 ** 24),
        '"'.repeat(2 ** 19),
        new Array(200).fill('x'.repeat(10_000)),
        new Uint8Array(2 ** 20),
        new ArrayBuffer(2 ** 20),
        new Float64Array(2 ** 18),
        1n << 30_000_000n,
        -(1n << 30_000_000n),
        { ['k'.repeat(2 ** 20)]: 1 },
      ]) {
        expect(refusal(long).message).toMatch(/a text of more than 1048576 characters/);
      }
    });
  });
});

describe('canonicalArguments', () => {
  it('divides the texts of the arguments by commas', () => {
    expect(canonicalArguments([])).toBe('');
    expect(canonicalArguments(['42'])).toBe('"42"');
    expect(canonicalArguments([42])).toBe('42');
    expect(canonicalArguments([1, 'a,b', { x: [1] }])).toBe('1,"a,b",{"x":[1]}');
    expect(canonicalArguments(['a:b', 'c'])).not.toBe(canonicalArguments(['a', 'b:c']));
    expect(canonicalArguments([[1, 2]])).not.toBe(canonicalArguments([1, 2]));
  });

  it('leaves out undefined at the end, and only there', () => {
    expect(canonicalArguments([1, undefined, undefined])).toBe('1');
    expect(canonicalArguments([undefined])).toBe('');
    expect(canonicalArguments([undefined, 1])).toBe('undefined,1');
    expect(canonicalArguments([1, null])).toBe('1,null');
  });

  it('names the argument it refuses', () => {
    expect(() => canonicalArguments([1, { run: () => 1 }])).toThrow(/^argument 2 at \.run is function run/);
    expect(() => canonicalArguments([() => 1])).toThrow(/^argument 1 is function/);
  });

  it('holds its limits for all arguments together', () => {
    const half = new Array(6_000).fill(1);
    expect(() => canonicalArguments([half, half])).toThrow(/holds more than 10000 values/);
    expect(() => canonicalArguments(['a'.repeat(2 ** 19), 'a'.repeat(2 ** 19)])).toThrow(
      /more than 1048576 characters/,
    );
  });
});

describe('parseCanonicalPrimitive', () => {
  it.each([
    ['a'],
    ['"\\\n'],
    [''],
    ['null'],
    [0],
    [-1.5],
    [1e21],
    [5e-324],
    [NaN],
    [Infinity],
    [-Infinity],
    [1n],
    [-(10n ** 30n)],
  ])('gives back %p', (value) => {
    expect(parseCanonicalPrimitive(canonical(value))).toBe(value);
  });

  it.each([[true], [false], [null], [undefined]])('gives back %p', (value) => {
    expect(parseCanonicalPrimitive(canonical(value))).toBe(value);
  });

  it.each([
    '',
    ' 1',
    '1.0',
    '01',
    '0x1',
    '-0',
    '+1',
    '1e3',
    '01n',
    '-0n',
    'n',
    '{}',
    '[1]',
    '"a',
    '"a" ',
    '"\\u0061"',
    'Date(NaN)',
    'x',
  ])('answers NOT_PRIMITIVE for %p, which canonical never writes for a primitive', (text) => {
    expect(parseCanonicalPrimitive(text)).toBe(NOT_PRIMITIVE);
  });
});

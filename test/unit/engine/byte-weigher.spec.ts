import v8 from 'node:v8';
import vm from 'node:vm';
import { describe, expect, it, jest } from '@jest/globals';
import { approximateBytes } from '../../../lib/engine/byte-weigher.js';

// What else the process allocates meanwhile is measured too; a wrong estimate is wrong each time.
jest.retryTimes(2);

v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc') as () => void;

/** The stated error. */
const ERROR = 0.15;
const BATCH_BYTES = 2 * 2 ** 20;

function usedBytes(): number {
  // What was held weakly goes in the second round.
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Heap growth for one more value of the kind: the median over three batches, each measured on top of the last. */
function measuredBytes(make: (i: number) => unknown, estimate: number): number {
  const count = Math.max(32, Math.min(20_000, Math.ceil(BATCH_BYTES / estimate)));
  const batches: unknown[][] = [1, 2, 3].map(() => new Array<unknown>(count).fill(null));
  // Shapes, code and caches that the first values make are not theirs.
  for (let i = 0; i < 30; i++) make(3 * count + i);
  let before = usedBytes();
  const measurements = batches.map((batch, number) => {
    for (let i = 0; i < count; i++) batch[i] = make(number * count + i);
    const after = usedBytes();
    const growth = (after - before) / count;
    before = after;
    return growth;
  });
  // Looked at afterwards, so that none of them was garbage while it was measured.
  expect(batches.flat()).not.toContain(null);
  return measurements.sort((a, b) => a - b)[1] ?? NaN;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Text made anew on each call, flat and shared with nothing, as a database driver makes it. */
function text(length: number, i: number, filler = 'x'): string {
  return decoder.decode(encoder.encode(String(i).padStart(8, '0').padEnd(length, filler)));
}

class Account {
  readonly id: number;
  readonly email: string;
  readonly createdAt: Date;
  readonly roles: string[];
  constructor(i: number) {
    this.id = i;
    this.email = text(24, i);
    this.createdAt = new Date(1.7e12 + i);
    this.roles = [text(11, i), 'user'];
  }
}

function userJson(i: number): string {
  return JSON.stringify({
    id: i,
    email: text(24, i),
    firstName: text(9, i),
    lastName: text(14, i + 1),
    active: i % 2 === 0,
    score: i + 0.5,
    createdAt: '2026-01-31T12:00:00.000Z',
    nickname: null,
  });
}

function orderJson(i: number): string {
  return JSON.stringify({
    id: text(36, i),
    customer: {
      id: i,
      name: text(18, i),
      address: { street: text(22, i + 1), city: text(12, i), zip: text(9, i + 7) },
    },
    lines: [1, 2, 3, 4].map((line) => ({
      sku: text(12, i * 7 + line),
      quantity: line,
      price: line + 0.99,
      title: text(30, i),
    })),
    tags: [text(11, i), text(12, i), text(13, i)],
    total: i + 0.25,
  });
}

const FORTY = 'x'.repeat(40);
const KILO = 'x'.repeat(1_024);

const numbers = (count: number): number[] => Array.from({ length: count }, (_, k) => k);

const kinds: [string, (i: number) => unknown][] = [
  ['a flat object from JSON', (i) => JSON.parse(userJson(i))],
  ['a nested object from JSON', (i) => JSON.parse(orderJson(i))],
  [
    'a page of 20 objects from JSON',
    (i) =>
      JSON.parse(
        `{"total":20,"items":[${numbers(20)
          .map((k) => userJson(i * 20 + k))
          .join()}]}`,
      ),
  ],
  [
    'a flat literal',
    (i) => ({ id: i, name: text(20, i), email: text(24, i), age: 42, active: true, city: text(12, i) }),
  ],
  [
    'a nested literal',
    (i) => ({
      id: i,
      owner: { id: i, name: text(20, i), home: { x: i + 0.5, y: i + 0.25 } },
      list: [{ a: i }, { a: i }],
    }),
  ],
  ['an empty object', () => ({})],
  [
    'an object of 60 properties',
    (i) =>
      JSON.parse(
        `{${numbers(60)
          .map((k) => `"p${k}":${i}`)
          .join()}}`,
      ),
  ],
  [
    'an object of 300 properties named by what they hold',
    (i) =>
      JSON.parse(
        `{${numbers(300)
          .map((k) => `"record-${i}-${k}":${i}`)
          .join()}}`,
      ),
  ],
  [
    'an object of 10 large indices',
    (i) =>
      JSON.parse(
        `{${numbers(10)
          .map((k) => `"${k * 7_919 + 100_003}":${i}`)
          .join()}}`,
      ),
  ],
  [
    'an object of 50 small indices',
    (i) =>
      JSON.parse(
        `{${numbers(50)
          .map((k) => `"${k}":${i}`)
          .join()}}`,
      ),
  ],
  ['an instance of a class', (i) => new Account(i)],
  ['a one-byte string of 8', (i) => text(8, i)],
  ['a one-byte string of 100', (i) => text(100, i)],
  ['a one-byte string of 5,000', (i) => text(5_000, i)],
  ['a two-byte string of 20', (i) => text(20, i, 'я')],
  ['a two-byte string of 1,000', (i) => text(1_000, i, '漢')],
  ['a long string with one emoji', (i) => decoder.decode(encoder.encode(`${text(2_000, i)}😀`))],
  ['a Buffer of 40 bytes from the pool', () => Buffer.from(FORTY)],
  ['a Buffer of 1 KB from the pool', () => Buffer.from(KILO)],
  ['a Buffer of 1 KB', () => Buffer.alloc(1_024)],
  ['a Buffer of 64 KB', () => Buffer.allocUnsafe(65_536)],
  ['a Uint8Array of 32 bytes', () => new Uint8Array(32)],
  ['a Float64Array of 200', () => new Float64Array(200)],
  ['an ArrayBuffer of 1 KB', () => new ArrayBuffer(1_024)],
  ['a DataView', () => new DataView(new ArrayBuffer(500))],
  ['an empty array', () => []],
  ['an array of 100 fractions', (i) => numbers(100).map((k) => k + i + 0.5)],
  ['an array of 50 strings', (i) => numbers(50).map((k) => text(16, i * 50 + k))],
  ['an array of 30 objects', (i) => numbers(30).map((k) => ({ id: k, name: text(12, i * 30 + k) }))],
  [
    'an array of 5,000 objects',
    (i) => numbers(5_000).map((k) => ({ id: k, name: text(12, i * 5_000 + k), at: k + 0.5 })),
  ],
  ['an array of 20,000 integers', () => numbers(20_000)],
  ['a Map of 100 strings', (i) => new Map(numbers(100).map((k) => [text(12, i * 100 + k), text(20, k)]))],
  ['a Map of 3,000 objects', (i) => new Map(numbers(3_000).map((k) => [k, { id: k, name: text(20, i * 3_000 + k) }]))],
  ['a Set of 200 strings', (i) => new Set(numbers(200).map((k) => text(14, i * 200 + k)))],
  ['a Date', (i) => new Date(1.7e12 + i)],
  ['a RegExp', (i) => new RegExp(`^${text(8, i)}$`)],
  [
    'a nested combination',
    (i) => ({
      account: new Account(i),
      byDay: new Map(numbers(10).map((k) => [text(11, k), { hits: k, ratio: k + 0.5, at: new Date(1.7e12 + k) }])),
      body: Buffer.from(FORTY),
      tags: new Set(numbers(6).map((k) => text(12, i * 6 + k))),
    }),
  ],
];

describe('approximateBytes', () => {
  describe('agrees with the growth of the heap within 15 %', () => {
    it.each(kinds)('for %s', (_, make) => {
      const estimate = approximateBytes(make(1));
      const measured = measuredBytes(make, estimate);
      expect(estimate / measured).toBeGreaterThan(1 - ERROR);
      expect(estimate / measured).toBeLessThan(1 + ERROR);
    });
  });

  it('weighs 0 what stands in the slot itself or is shared by all', () => {
    for (const value of [undefined, null, true, 0, -1, 2 ** 31 - 1, -(2 ** 31), '', 'a', 'é']) {
      expect(approximateBytes(value)).toBe(0);
    }
    for (const value of [2 ** 31, 0.5, -0, NaN, Infinity]) expect(approximateBytes(value)).toBe(16);
  });

  it('counts what is shared within one value once', () => {
    const shared = { name: 'a string of thirty characters!' };
    const alone = approximateBytes([shared]);
    expect(approximateBytes([shared, shared, shared])).toBe(alone + 2 * 8);
    const buffer = new ArrayBuffer(10_000);
    expect(approximateBytes([new Uint8Array(buffer), new Uint8Array(buffer, 5_000)])).toBeLessThan(11_000);
  });

  it('counts the whole of a buffer that a part of it keeps alive', () => {
    expect(approximateBytes(Buffer.alloc(100_000).subarray(0, 100))).toBeGreaterThan(100_000);
  });

  it('finishes on circular values', () => {
    const circular: Record<string, unknown> = { name: 'self' };
    circular['self'] = circular;
    circular['list'] = [circular, new Map([[circular, circular]])];
    expect(approximateBytes(circular)).toBeLessThan(1_000);
  });

  it('finishes on lists deeper than the stack', () => {
    let list: unknown = null;
    for (let i = 0; i < 200_000; i++) list = { next: list };
    expect(approximateBytes(list)).toBeGreaterThan(200 * 32);
  });

  it('runs no getter and no method', () => {
    const calls: string[] = [];
    class Lazy {
      readonly id = 1;
      get rows(): string {
        calls.push('rows');
        return 'rows';
      }
      toJSON(): string {
        calls.push('toJSON');
        return '';
      }
    }
    const literal = {
      get total(): number {
        calls.push('total');
        throw new Error('not now');
      },
    };
    approximateBytes([new Lazy(), literal]);
    expect(calls).toEqual([]);
  });

  it('weighs what pretends to be something else, or refuses to be looked at, without failing', () => {
    const refusing = new Proxy(
      {},
      {
        ownKeys() {
          throw new Error('no');
        },
      },
    );
    const values = [
      Object.create(Map.prototype),
      Object.create(Uint8Array.prototype),
      Object.create(Date.prototype),
      refusing,
    ];
    for (const value of values) expect(approximateBytes(value)).toBeGreaterThan(0);
    expect(approximateBytes(refusing)).toBe(approximateBytes({}));
  });

  describe('bounds its work', () => {
    /** Counts the properties read of the elements of a collection. */
    function counting(): { element: () => object; reads: () => number } {
      let reads = 0;
      const handler: ProxyHandler<object> = {
        getOwnPropertyDescriptor(target, name) {
          reads++;
          return Reflect.getOwnPropertyDescriptor(target, name);
        },
      };
      // Object.keys() asks a proxy for each descriptor once, and the weigher for each once more.
      return { element: () => new Proxy({ a: 1, b: 2, c: 3 }, handler), reads: () => reads };
    }

    it('visits at most 1,000 values of an array, a Map, a Set or an object, however many there are', () => {
      for (const collect of [
        (elements: object[]) => elements,
        (elements: object[]) => new Map(elements.map((element, index) => [index, element])),
        (elements: object[]) => new Set(elements),
        (elements: object[]) => Object.fromEntries(elements.map((element, index) => [`p${index}`, element])),
        (elements: object[]) => [elements.slice(0, 5_000), { rest: elements.slice(5_000) }],
      ]) {
        const { element, reads } = counting();
        approximateBytes(collect(Array.from({ length: 10_000 }, element)));
        expect(reads()).toBeGreaterThan(500);
        expect(reads()).toBeLessThanOrEqual(2 * 1_000);
      }
    });

    it('estimates the rest from elements spread over the whole', () => {
      // Light at the front, heavy at the back: the first thousand alone would say a third.
      const rows = Array.from({ length: 9_000 }, (_, i) => ({
        id: i,
        body: 'x'.repeat(i < 6_000 ? 20 : 200) + String(i),
      }));
      const exact = rows.reduce((sum, row) => sum + approximateBytes(row), 0);
      expect(approximateBytes(rows) / exact).toBeGreaterThan(1 - ERROR);
      expect(approximateBytes(rows) / exact).toBeLessThan(1 + ERROR);
    });

    it('takes a huge array with few elements for the hash table that it is', () => {
      const sparse: number[] = [];
      sparse[4_000_000] = 1;
      expect(approximateBytes(sparse)).toBeLessThan(100_000);
    });
  });
});

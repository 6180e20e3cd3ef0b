import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { approximateBytes } from '../../../lib/engine/weight/byte-weigher.js';
import { startChild } from '../../processes/child.js';

/** The stated error. */
const ERROR = 0.15;

interface Measured {
  readonly name: string;
  readonly estimate: number;
  readonly measured: number;
}

describe('approximateBytes', () => {
  describe('beside the growth of the heap in a process that does nothing else', () => {
    let measured: Measured[] = [];

    beforeAll(async () => {
      const child = startChild(new URL('byte-weigher-child.ts', import.meta.url));
      measured = JSON.parse(await text(child.stdout as NodeJS.ReadableStream)) as Measured[];
    }, 120_000);

    it('is within 15 % for each kind of value', () => {
      expect(measured.length).toBeGreaterThan(35);
      expect(measured.filter(({ estimate, measured: bytes }) => !(Math.abs(estimate / bytes - 1) < ERROR))).toEqual([]);
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

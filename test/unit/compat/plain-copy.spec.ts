import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { plainCopy } from '../../../lib/compat/cache-manager/plain-copy.js';

class City {
  constructor(readonly name: string) {}
}

describe('plainCopy', () => {
  it('is equal to any plain value, and shares no part of it', () => {
    fc.assert(
      fc.property(
        fc.anything({ withDate: true, withMap: true, withSet: true, withNullPrototype: true, withSparseArray: true }),
        (value) => {
          const copy = plainCopy(value);
          expect(copy).toStrictEqual(value);
          if (typeof value === 'object' && value !== null) expect(copy).not.toBe(value);
        },
      ),
    );
  });

  it('copies bytes', () => {
    const buffer = Buffer.from('abc');
    const view = new Uint8Array([1, 2]);
    const copy = plainCopy({ buffer, view });
    buffer[0] = 0;
    view[0] = 0;
    expect(Buffer.isBuffer(copy.buffer)).toBe(true);
    expect([copy.buffer.toString(), [...copy.view]]).toEqual(['abc', [1, 2]]);
  });

  it('hands on what only its class can copy, at any depth', () => {
    const city = new City('Oslo');
    const run = (): number => 1;
    const copy = plainCopy({ list: [{ city }], run });
    expect([copy.list[0]?.city, copy.run]).toEqual([city, run]);
    expect(copy.list[0]?.city).toBe(city);
    expect(plainCopy(city)).toBe(city);
  });

  it('keeps cycles and what is there twice', () => {
    const shared = { deep: [1] };
    const value: Record<string, unknown> = { one: shared, two: shared };
    value['self'] = value;
    const copy = plainCopy(value);
    expect(copy['self']).toBe(copy);
    expect(copy['one']).toBe(copy['two']);
    expect(copy['one']).not.toBe(shared);
  });

  it('takes a property called __proto__ for a property', () => {
    const value = JSON.parse('{"__proto__":{"admin":true},"a":1}') as Record<string, unknown>;
    const copy = plainCopy(value);
    expect(JSON.stringify(copy)).toBe('{"__proto__":{"admin":true},"a":1}');
    expect([Object.getPrototypeOf(copy), copy['admin']]).toEqual([Object.prototype, undefined]);
  });
});

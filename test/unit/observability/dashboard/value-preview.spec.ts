import { describe, expect, it } from '@jest/globals';
import { shownText } from '../../../../lib/observability/dashboard/shown-text.js';
import { kindOf, valuePreview } from '../../../../lib/observability/dashboard/value-preview.js';

describe('a preview of a value', () => {
  it.each<[string, unknown, string]>([
    ['a text', '<b>"x"', '"<b>\\"x\\""'],
    ['a number', 42, '42'],
    ['a bigint', 1n, '1n'],
    ['null', null, 'null'],
    ['nothing', undefined, 'undefined'],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['a date that is none', new Date(Number.NaN), 'Invalid Date'],
    ['a list', [1, 'a'], '[\n  1,\n  "a",\n]'],
    ['an empty list', [], '[]'],
    ['an object', { a: 1, 'b c': 2 }, '{\n  a: 1,\n  "b c": 2,\n}'],
    ['a map', new Map([[1, 'a']]), 'Map {\n  1 => "a",\n}'],
    ['a set', new Set([1]), 'Set {\n  1,\n}'],
    ['bytes', new Uint8Array([0, 255]), 'Uint8Array of 2 bytes <00 ff>'],
    ['a function', function named() {}, '[function named]'],
  ])('shows %s', (_, value, text) => {
    expect(valuePreview(value)).toMatchObject({ text, isTruncated: false });
  });

  it('names the class of an instance', () => {
    class User {
      readonly id = 1;
    }
    expect(valuePreview(new User())).toMatchObject({ kind: 'User', text: 'User {\n  id: 1,\n}' });
  });

  it('shows only the beginning of a text of a megabyte, and how long it is', () => {
    const { text, isTruncated } = valuePreview('x'.repeat(2 ** 20));
    expect(text.length).toBeLessThan(2_100);
    expect(text).toMatch(/^"x+…" \(1048576 characters\)$/);
    expect(isTruncated).toBe(true);
  });

  it('stays within a bound for large and deep values, and says that there is more', () => {
    const deep = Array.from({ length: 100 }).reduce<unknown>((inner) => ({ inner }), 'bottom');
    for (const value of [
      Array(1e6).fill('item'),
      deep,
      new Map(Array.from({ length: 1e4 }, (_, at) => [at, at])),
      new Uint8Array(1e6),
    ]) {
      const { text, isTruncated } = valuePreview(value);
      expect(text.length).toBeLessThan(9_000);
      expect(isTruncated).toBe(true);
    }
  });

  it('shows a value that holds itself', () => {
    const value: { self?: unknown } = {};
    value.self = value;
    expect(valuePreview(value).text).toContain('self: [circular]');
  });

  it('calls no getter and no method of the value', () => {
    const refuse = (): never => {
      throw new Error('called');
    };
    const value = Object.defineProperty({ toJSON: refuse, toString: refuse, [Symbol.toPrimitive]: refuse }, 'secret', {
      get: refuse,
      enumerable: true,
    });
    expect(valuePreview(value).text).toContain('secret: [getter]');
  });

  it('survives a proxy that throws at every look', () => {
    const refuse = (): never => {
      throw new Error('do not look');
    };
    const traps = { ownKeys: refuse, get: refuse, getPrototypeOf: refuse };
    expect(valuePreview(new Proxy({}, traps))).toMatchObject({ text: 'cannot be shown: do not look', kind: 'object' });
  });
});

describe('a text as it is shown', () => {
  it('makes characters to be seen that are not, or that turn the others around', () => {
    expect(shownText('a\u202Eb\u0000c\nd\te\u2028', 100)).toBe('a\\u202eb\\u0000c\\nd\\te\\u2028');
  });

  it('leaves other characters as they are, emoji of several parts too', () => {
    expect(shownText('größe 👩‍👩‍👧 日本', 100)).toBe('größe 👩‍👩‍👧 日本');
  });

  it('is cut where it is too long', () => {
    expect(shownText('abcdef', 3)).toBe('abc…');
  });
});

describe('the kind of a value', () => {
  it.each([
    ['a', 'string'],
    [1n, 'bigint'],
    [null, 'null'],
    [[], 'array'],
    [{}, 'object'],
    [Object.create(null), 'object'],
    [new Date(0), 'Date'],
  ])('of %p is %s', (value, kind) => {
    expect(kindOf(value)).toBe(kind);
  });
});

import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonical, canonicalArguments, NOT_PRIMITIVE, parseCanonicalPrimitive } from '../../lib/core/index.js';

class Point {
  constructor(
    readonly x: unknown,
    readonly y: unknown,
  ) {}
}

class Size {
  constructor(
    readonly x: unknown,
    readonly y: unknown,
  ) {}
}

// -0 is left out where node's comparison is the reference: it tells 0 from -0, a cache key does not.
const number = fc.double().map((value) => value + 0);
const primitive = fc.oneof(
  fc.string({ unit: 'binary' }),
  number,
  fc.integer(),
  fc.bigInt(),
  fc.boolean(),
  fc.constant(null),
  fc.constant(undefined),
);
/** Few and confusable, so that two of them are often equal and often nearly so. */
const confusable = fc.constantFrom<unknown>(
  '',
  '1',
  1,
  1n,
  true,
  null,
  undefined,
  'a',
  'a,b',
  '"a"',
  '"',
  '}',
  NaN,
  '<hole>',
);
const name = fc.constantFrom('a', 'b', 'a"', 'a,b', '__proto__', '1', '');

function nested(leaf: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.letrec<{ value: unknown }>((tie) => {
    const value = tie('value');
    const few = { maxLength: 3 };
    return {
      value: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        { weight: 4, arbitrary: leaf },
        fc.array(value, few),
        fc.array(fc.tuple(name, value), few).map((pairs) => record(pairs)),
        fc.array(fc.tuple(value, value), few).map((pairs) => new Map(pairs)),
        fc.array(value, few).map((values) => new Set(values)),
        fc.tuple(fc.boolean(), value, value).map(([point, x, y]) => (point ? new Point(x, y) : new Size(x, y))),
        fc.constantFrom(0, 1).map((time) => new Date(time)),
        fc.constantFrom(/a/, /a/g, /b/),
        fc.uint8Array(few),
        fc.uint8Array(few).map((bytes) => Buffer.from(bytes)),
        fc.array(value, few).map((values) => {
          const sparse = [...values, 0, ...values];
          delete sparse[values.length];
          return sparse;
        }),
      ),
    };
  }).value;
}

function record(pairs: readonly (readonly [string, unknown])[]): object {
  const made = {};
  for (const [key, value] of pairs) {
    Object.defineProperty(made, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return made;
}

/** An equal value, made anew, its properties, Map entries and Set elements in the opposite order. */
function reversed(value: unknown): unknown {
  if (value instanceof Map) return new Map([...value].reverse().map(([key, held]) => [reversed(key), reversed(held)]));
  if (value instanceof Set) return new Set([...value].reverse().map(reversed));
  if (value instanceof Date) return new Date(value);
  if (value instanceof RegExp) return new RegExp(value);
  if (Buffer.isBuffer(value)) return Buffer.from(value);
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (value instanceof Point) return new Point(reversed(value.x), reversed(value.y));
  if (value instanceof Size) return new Size(reversed(value.x), reversed(value.y));
  if (Array.isArray(value)) {
    // map() keeps holes.
    return value.map(reversed);
  }
  if (typeof value === 'object' && value !== null) {
    return record(
      Object.entries(value)
        .reverse()
        .map(([key, held]) => [key, reversed(held)] as const),
    );
  }
  return value;
}

describe('canonical', () => {
  it('gives equal texts to equal values, in whatever order they were built', () => {
    fc.assert(
      fc.property(nested(primitive), (value) => {
        expect(canonical(reversed(value))).toBe(canonical(value));
      }),
      { numRuns: 500 },
    );
  });

  it('gives two values one text exactly when they are structurally equal', () => {
    let equal = 0;
    fc.assert(
      fc.property(nested(confusable), nested(confusable), (one, other) => {
        const same = isDeepStrictEqual(one, other);
        if (same) equal++;
        expect(canonical(one) === canonical(other)).toBe(same);
      }),
      { numRuns: 10_000 },
    );
    expect(equal).toBeGreaterThan(50);
  });

  it('gives two argument lists one text exactly when they are equal up to undefined at the end', () => {
    const trimmed = (args: readonly unknown[]): unknown[] => {
      const kept = [...args];
      while (kept.length > 0 && kept.at(-1) === undefined) kept.pop();
      return kept;
    };
    const args = fc.array(nested(confusable), { maxLength: 3 });
    fc.assert(
      fc.property(args, args, (one, other) => {
        expect(canonicalArguments(one) === canonicalArguments(other)).toBe(
          isDeepStrictEqual(trimmed(one), trimmed(other)),
        );
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('parseCanonicalPrimitive', () => {
  it('is the inverse of canonical on primitives', () => {
    fc.assert(fc.property(primitive, (value) => expect(parseCanonicalPrimitive(canonical(value))).toBe(value)));
  });

  it('accepts no text but the canonical one', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.string().map((text) => `"${text}"`),
      fc.json(),
      fc.stringMatching(/^-?[0-9.e]{1,6}n?$/),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const value = parseCanonicalPrimitive(text);
        expect(value === NOT_PRIMITIVE || canonical(value) === text).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

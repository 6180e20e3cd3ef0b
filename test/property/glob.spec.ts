import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compileGlob, escapeGlob } from '../../lib/core/index.js';

/** A pattern as its author means it, to be written out as text and matched the slow, obvious way. */
type Part =
  | { readonly kind: 'literal'; readonly character: string }
  | { readonly kind: 'one' }
  | { readonly kind: 'run' }
  | { readonly kind: 'class'; readonly negated: boolean; readonly ranges: readonly (readonly [string, string])[] }
  | { readonly kind: 'braces'; readonly alternatives: readonly (readonly Part[])[] };

function written(parts: readonly Part[]): string {
  const escaped = (character: string): string => (/[\\*?[\]{},!^-]/.test(character) ? `\\${character}` : character);
  return parts
    .map((part) => {
      switch (part.kind) {
        case 'literal':
          return escaped(part.character);
        case 'one':
          return '?';
        case 'run':
          return '*';
        case 'class': {
          const ranges = part.ranges.map(([first, last]) =>
            first === last ? escaped(first) : `${escaped(first)}-${escaped(last)}`,
          );
          return `[${part.negated ? '!' : ''}${ranges.join('')}]`;
        }
        case 'braces':
          return `{${part.alternatives.map(written).join(',')}}`;
      }
    })
    .join('');
}

/** Tries every way to divide the text; the text as code points. */
function matchesSlowly(parts: readonly Part[], text: readonly string[]): boolean {
  const [part, ...rest] = parts;
  if (part === undefined) return text.length === 0;
  const [first, ...others] = text;
  switch (part.kind) {
    case 'run':
      return matchesSlowly(rest, text) || (first !== undefined && matchesSlowly(parts, others));
    case 'braces':
      return part.alternatives.some((alternative) => matchesSlowly([...alternative, ...rest], text));
    case 'one':
      return first !== undefined && matchesSlowly(rest, others);
    case 'literal':
      return first === part.character && matchesSlowly(rest, others);
    case 'class': {
      if (first === undefined) return false;
      const at = codePoint(first);
      const inside = part.ranges.some(([low, high]) => codePoint(low) <= at && at <= codePoint(high));
      return inside !== part.negated && matchesSlowly(rest, others);
    }
  }
}

function codePoint(character: string): number {
  return character.codePointAt(0) ?? -1;
}

const character = fc.constantFrom('a', 'b', 'c', ':', '/', '*', '[', ']', '{', ',', '\\', '-', '😀', '\ud83d');
const range = fc
  .tuple(fc.constantFrom('a', 'b', ':', '-', ']', '\\', '😀'), fc.constantFrom('a', 'b', ':', '-', ']', '\\', '😀'))
  .map(([x, y]) => (codePoint(x) <= codePoint(y) ? ([x, y] as const) : ([y, x] as const)));
const simple: fc.Arbitrary<Part> = fc.oneof(
  { weight: 5, arbitrary: character.map((chosen): Part => ({ kind: 'literal', character: chosen })) },
  { weight: 2, arbitrary: fc.constant<Part>({ kind: 'one' }) },
  { weight: 3, arbitrary: fc.constant<Part>({ kind: 'run' }) },
  fc.record({
    kind: fc.constant('class' as const),
    negated: fc.boolean(),
    ranges: fc.array(range, { minLength: 1, maxLength: 2 }),
  }),
);
const inner = fc.array(simple, { maxLength: 2 });
const braces: fc.Arbitrary<Part> = fc
  .array(
    fc.oneof(
      inner,
      fc
        .array(inner, { minLength: 1, maxLength: 2 })
        .map((nested): Part[] => [{ kind: 'braces', alternatives: nested }]),
    ),
    {
      minLength: 1,
      maxLength: 3,
    },
  )
  .map((alternatives): Part => ({ kind: 'braces', alternatives }));
const pattern = fc
  .tuple(fc.array(simple, { maxLength: 5 }), fc.option(braces), fc.array(simple, { maxLength: 3 }))
  .map(([before, middle, after]): Part[] => [...before, ...(middle === null ? [] : [middle]), ...after]);

/** A text that the pattern should match, made by walking it. */
function example(parts: readonly Part[], choose: (options: number) => number): string {
  return parts
    .map((part) => {
      switch (part.kind) {
        case 'literal':
          return part.character;
        case 'one':
          return ['a', ':', '😀'][choose(3)];
        case 'run':
          return ['', 'a', 'b:', '😀ab'][choose(4)];
        case 'class':
          return part.ranges[choose(part.ranges.length)]?.[0];
        case 'braces':
          return example(part.alternatives[choose(part.alternatives.length)] ?? [], choose);
      }
    })
    .join('');
}

describe('compileGlob', () => {
  it('agrees with a matcher that tries everything, on arbitrary texts', () => {
    fc.assert(
      fc.property(pattern, fc.array(character, { maxLength: 7 }), (parts, characters) => {
        const text = characters.join('');
        expect(compileGlob(written(parts))(text)).toBe(matchesSlowly(parts, [...text]));
      }),
      { numRuns: 3_000 },
    );
  });

  it('agrees with it on texts made to fit the pattern', () => {
    fc.assert(
      fc.property(pattern, fc.infiniteStream(fc.nat()), (parts, choices) => {
        const text = example(parts, (options) => Number(choices.next().value) % options);
        // A lone surrogate may have met its other half, which changes the code points; the slow matcher reads the same text.
        expect(compileGlob(written(parts))(text)).toBe(matchesSlowly(parts, [...text]));
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('escapeGlob', () => {
  it('matches its text and no other', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (text, other) => {
        const matches = compileGlob(escapeGlob(text));
        expect(matches(text)).toBe(true);
        expect(matches(other)).toBe(text === other);
      }),
    );
  });
});

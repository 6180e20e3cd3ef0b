import { CacheMisuseError, show } from './errors.js';

/** How many patterns without braces one pattern may stand for. */
export const MAX_GLOB_ALTERNATIVES = 64;
/** How deep braces may nest. */
const MAX_BRACE_DEPTH = 32;

/** A token is the code point it stands for, one of these two, or `FIRST_CLASS - i` for the i-th character class. */
const ANY_RUN = -1;
const ANY_ONE = -2;
const FIRST_CLASS = -3;

interface CharacterClass {
  readonly negated: boolean;
  /** First and last code point of each range, in turn. */
  readonly ranges: readonly number[];
}

interface Alternative {
  readonly tokens: readonly number[];
  /** What every matching text begins with: refuses most texts in one comparison. */
  readonly prefix: string;
}

/**
 * Turns a glob into a predicate over whole texts.
 *
 * `*` stands for any run of characters, also none, and `?` for one character, whichever they are: `/`, `:` and a leading
 * dot are characters like all others. `[a-z_]` is one of these characters, `[!a-z]` or `[^a-z]` one other than these.
 * `{a,b*}` is one of these patterns; braces nest, and a pattern may stand for at most {@link MAX_GLOB_ALTERNATIVES}
 * in all. `\` takes the character after it literally. A character is a Unicode code point, so `?` matches '😀'.
 * Upper and lower case differ.
 *
 * Matching costs O(pattern × text) at most, whatever the pattern: no regular expression is involved, and only the
 * latest `*` is ever tried again.
 *
 * A malformed pattern is a {@link CacheMisuseError} that names the index: an unclosed `[` or `{`, an empty class, a range
 * that runs backwards, a `\` at the end. A `]`, `}` or `,` that closes or divides nothing stands for itself.
 */
export function compileGlob(pattern: string): (text: string) => boolean {
  const parser = new GlobParser(pattern);
  const { classes } = parser;
  const alternatives: readonly Alternative[] = parser
    .parse()
    .map((tokens) => ({ tokens, prefix: literalPrefix(tokens) }));
  return (text) => alternatives.some(({ prefix, tokens }) => text.startsWith(prefix) && matches(tokens, classes, text));
}

/** The text as a glob that matches it alone, or as a literal part of one, also within braces (but not within `[ ]`). */
export function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]{},]/g, '\\$&');
}

/* Greedy matching with one point of return. When a later token fails, only the latest `*` takes one more character:
 * whatever an earlier `*` could give up, the latest can take instead. So each `*` passes over the text at most once. */
function matches(tokens: readonly number[], classes: readonly CharacterClass[], text: string): boolean {
  let token = 0;
  let index = 0;
  let afterStar = -1;
  let starIndex = 0;
  while (index < text.length) {
    const expected = token < tokens.length ? (tokens[token] as number) : undefined;
    if (expected === ANY_RUN) {
      afterStar = ++token;
      starIndex = index;
      if (afterStar === tokens.length) return true;
      continue;
    }
    const character = text.codePointAt(index) as number;
    if (expected !== undefined && accepts(expected, character, classes)) {
      token++;
      index += unitsOf(character);
    } else if (afterStar >= 0) {
      starIndex += unitsOf(text.codePointAt(starIndex) as number);
      token = afterStar;
      index = starIndex;
    } else {
      return false;
    }
  }
  while (tokens[token] === ANY_RUN) token++;
  return token === tokens.length;
}

function accepts(token: number, character: number, classes: readonly CharacterClass[]): boolean {
  if (token >= 0) return token === character;
  if (token === ANY_ONE) return true;
  const { ranges, negated } = classes[FIRST_CLASS - token] as CharacterClass;
  for (let i = 0; i < ranges.length; i += 2) {
    if (character >= (ranges[i] as number) && character <= (ranges[i + 1] as number)) return !negated;
  }
  return negated;
}

function unitsOf(codePoint: number): number {
  return codePoint > 0xffff ? 2 : 1;
}

function literalPrefix(tokens: readonly number[]): string {
  let prefix = '';
  for (const token of tokens) {
    if (token < 0) break;
    prefix += String.fromCodePoint(token);
  }
  return prefix;
}

/** Reads a pattern into the token sequences it stands for, braces already expanded. */
class GlobParser {
  readonly classes: CharacterClass[] = [];
  private index = 0;

  constructor(private readonly pattern: string) {}

  parse(): number[][] {
    return this.sequence(0);
  }

  /** Reads up to the end of the pattern or, within braces, up to the `,` or `}` that ends this part. */
  private sequence(depth: number): number[][] {
    let expanded: number[][] = [[]];
    while (this.index < this.pattern.length) {
      const character = this.pattern[this.index];
      if (depth > 0 && (character === ',' || character === '}')) break;
      if (character === '{') {
        const start = this.index;
        expanded = this.combine(expanded, this.braces(depth + 1), start);
      } else {
        const token = this.token();
        for (const tokens of expanded) {
          // Two stars in a row say no more than one.
          if (token !== ANY_RUN || tokens.at(-1) !== ANY_RUN) tokens.push(token);
        }
      }
    }
    return expanded;
  }

  private braces(depth: number): number[][] {
    const start = this.index;
    if (depth > MAX_BRACE_DEPTH)
      this.fail(start, `braces nest deeper than ${MAX_BRACE_DEPTH}; write the alternatives out`);
    const parts: number[][] = [];
    do {
      this.index++;
      parts.push(...this.sequence(depth));
      this.refuseTooMany(parts.length, start);
    } while (this.pattern[this.index] === ',');
    if (this.index >= this.pattern.length)
      this.fail(start, '"{" is never closed; add "}", or write "\\{" for the character');
    this.index++;
    return parts;
  }

  private combine(heads: number[][], tails: number[][], at: number): number[][] {
    const [onlyTail] = tails;
    if (tails.length === 1 && onlyTail !== undefined) {
      for (const head of heads) for (const token of onlyTail) head.push(token);
      return heads;
    }
    this.refuseTooMany(heads.length * tails.length, at);
    return heads.flatMap((head) => tails.map((tail) => [...head, ...tail]));
  }

  private refuseTooMany(count: number, at: number): void {
    if (count <= MAX_GLOB_ALTERNATIVES) return;
    this.fail(
      at,
      `its braces stand for more than ${MAX_GLOB_ALTERNATIVES} alternatives; use several patterns or a predicate`,
    );
  }

  private token(): number {
    switch (this.pattern[this.index]) {
      case '*':
        this.index++;
        return ANY_RUN;
      case '?':
        this.index++;
        return ANY_ONE;
      case '[':
        this.classes.push(this.characterClass());
        return FIRST_CLASS - (this.classes.length - 1);
      default:
        return this.literal();
    }
  }

  private characterClass(): CharacterClass {
    const start = this.index++;
    const negated = this.pattern[this.index] === '!' || this.pattern[this.index] === '^';
    if (negated) this.index++;
    const ranges: number[] = [];
    while (this.index < this.pattern.length && this.pattern[this.index] !== ']') {
      const at = this.index;
      const first = this.literal();
      const last = this.rangeFollows() ? this.rangeEnd() : first;
      if (last < first) {
        this.fail(at, `the range "${this.pattern.slice(at, this.index)}" runs backwards; write its lower end first`);
      }
      ranges.push(first, last);
    }
    if (this.index >= this.pattern.length)
      this.fail(start, '"[" is never closed; add "]", or write "\\[" for the character');
    this.index++;
    if (ranges.length === 0) this.fail(start, 'the class is empty; put characters into it, "\\]" for a bracket');
    return { negated, ranges };
  }

  /** Whether a `-` comes next that stands between two characters: at the end of a class it is one itself. */
  private rangeFollows(): boolean {
    const afterDash = this.pattern[this.index + 1];
    return this.pattern[this.index] === '-' && afterDash !== undefined && afterDash !== ']';
  }

  private rangeEnd(): number {
    this.index++;
    return this.literal();
  }

  /** One character, taken literally; after a `\` whichever it is. */
  private literal(): number {
    if (this.pattern[this.index] === '\\') {
      if (++this.index === this.pattern.length) {
        this.fail(this.index - 1, 'the "\\" at the end escapes nothing; write "\\\\" for the character');
      }
    }
    const character = this.pattern.codePointAt(this.index) as number;
    this.index += unitsOf(character);
    return character;
  }

  private fail(index: number, problem: string): never {
    throw new CacheMisuseError(`glob ${show(this.pattern)}, index ${index}: ${problem}`);
  }
}

// A test runner may put each look at a global behind a call of its own.
const imul = Math.imul;

/** A text as words: a byte for each code unit where all of them fit, else two. */
interface Text {
  readonly text: string;
  readonly isWide: boolean;
}

/** The name of a space, made ready once. */
export class SpaceName implements Text {
  readonly isWide: boolean;
  readonly hash: number;
  readonly words: Int32Array;

  constructor(
    readonly text: string,
    seed: number,
  ) {
    const { hash, bits } = hashed(text, seed);
    this.hash = hash;
    this.isWide = bits > 0xff;
    this.words = new Int32Array(wordsOf(this));
    writeText(this, this.words, 0);
  }
}

/** What a record is found under: a space and a key in it. */
export class RecordName implements Text {
  readonly isWide: boolean;
  readonly hash: number;

  constructor(
    readonly space: SpaceName,
    readonly text: string,
  ) {
    const length = text.length;
    let hash = space.hash;
    let bits = 0;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      bits |= code;
      hash = imul(hash ^ code, 0x01000193);
    }
    this.hash = mixed(hash ^ length);
    this.isWide = bits > 0xff;
  }
}

/** How many words the text takes. */
export function wordsOf({ text, isWide }: Text): number {
  return (isWide ? text.length + 1 : text.length + 3) >>> (isWide ? 1 : 2);
}

/** Writes it, and returns where the next begins. */
export function writeText(text: Text, target: Int32Array, at: number): number {
  const count = wordsOf(text);
  for (let i = 0; i < count; i++) target[at + i] = wordOf(text, i);
  return at + count;
}

/** The `index`-th word of a text; beyond its end are zeros. */
export function wordOf({ text, isWide }: Text, index: number): number {
  if (isWide) return text.charCodeAt(2 * index) | ((text.charCodeAt(2 * index + 1) | 0) << 16);
  const from = 4 * index;
  // `NaN | 0` is 0: what lies behind the end.
  return (
    text.charCodeAt(from) |
    (text.charCodeAt(from + 1) << 8) |
    (text.charCodeAt(from + 2) << 16) |
    (text.charCodeAt(from + 3) << 24)
  );
}

/** The text that these words hold. */
export function readText(source: Int32Array, at: number, length: number, isWide: boolean): string {
  let text = '';
  for (let i = 0; i < length; i++) {
    const word = source[at + (isWide ? i >>> 1 : i >>> 2)] as number; // of the text, by its length
    const code = isWide ? (word >>> ((i & 1) * 16)) & 0xffff : (word >>> ((i & 3) * 8)) & 0xff;
    text += String.fromCharCode(code);
  }
  return text;
}

function hashed(text: string, seed: number): { readonly hash: number; readonly bits: number } {
  let hash = seed;
  let bits = 0;
  for (let i = 0; i < text.length; i++) {
    bits |= text.charCodeAt(i);
    hash = imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return { hash: mixed(hash ^ text.length), bits };
}

/** Every bit of the result depends on every bit of the word (the finalizer of MurmurHash3). */
function mixed(word: number): number {
  word = imul(word ^ (word >>> 16), 0x85ebca6b);
  word = imul(word ^ (word >>> 13), 0xc2b2ae35);
  return word ^ (word >>> 16);
}

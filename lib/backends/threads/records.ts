import type { Block } from './claims.js';
import { readText, wordOf, wordsOf, writeText, type RecordName } from './record-name.js';
import type { Kind } from './slots.js';
import type { Words } from './words.js';

// A test runner may put each look at a global behind a call of its own.
const imul = Math.imul;

/* A record, as it is in its block: a head, the text of its space, that of its key, its value, each from a whole word on.
 * The checksum covers the claim of the block and all of it but the texts, whose hash it covers and which a reader compares
 * word by word; so what passes was written as one record, by one holder of the block.
 */
const HASH = 0;
const CHECKSUM = 1;
const NAMES = 2;
const KEY_LENGTH = 3;
const VALUE_BYTES = 4;
const EXPIRY = 5; // and 6: a 64-bit number
const TEXTS = 7;

const SPACE_SHIFT = 4;
const SPACE_IS_WIDE = 4;
const KEY_IS_WIDE = 8;
const MIN_SCRATCH_WORDS = 1_024;

/** Writes, compares and copies records. Each thread has its own. */
export class Records {
  private scratch = new Int32Array(MIN_SCRATCH_WORDS);
  private scratchBytes = new Uint8Array(this.scratch.buffer);
  private readonly float = new Float64Array(1);
  private readonly floatWords = new Int32Array(this.float.buffer);

  constructor(
    private readonly words: Words,
    private readonly wordCount: number,
  ) {}

  /** How many words a record takes. */
  static size(name: RecordName, valueBytes: number): number {
    return TEXTS + name.space.words.length + wordsOf(name) + ((valueBytes + 3) >>> 2);
  }

  write(
    recordAt: number,
    { claim }: Block,
    kind: Kind,
    name: RecordName,
    value: Uint8Array,
    expiresAtMs: number,
  ): void {
    const size = Records.size(name, value.length);
    const scratch = this.scratchOf(size);
    scratch[HASH] = name.hash;
    scratch[NAMES] = namesOf(kind, name);
    scratch[KEY_LENGTH] = name.text.length;
    scratch[VALUE_BYTES] = value.length;
    this.float[0] = expiresAtMs;
    scratch[EXPIRY] = this.floatWords[0] as number;
    scratch[EXPIRY + 1] = this.floatWords[1] as number;
    scratch.set(name.space.words, TEXTS);
    const valueAt = writeText(name, scratch, TEXTS + name.space.words.length);
    scratch[size - 1] = value.length === 0 ? (scratch[size - 1] as number) : 0; // what fills the last word up
    this.scratchBytes.set(value, valueAt * 4);
    scratch[CHECKSUM] = checksum(claim, scratch, 0, scratch, valueAt, size - valueAt);
    this.words.write(recordAt, scratch, size);
  }

  hashAt(recordAt: number): number {
    return this.words.peek(recordAt + HASH);
  }

  expiresAtMs(recordAt: number): number {
    this.floatWords[0] = this.words.peek(recordAt + EXPIRY);
    this.floatWords[1] = this.words.peek(recordAt + EXPIRY + 1);
    return this.float[0] as number;
  }

  /** Whether it is the record of that name; what a reader makes of it is confirmed afterwards. */
  matches(recordAt: number, kind: Kind, name: RecordName): boolean {
    const { words } = this;
    if (words.peek(recordAt + HASH) !== name.hash) return false;
    if (words.peek(recordAt + NAMES) !== namesOf(kind, name)) return false;
    if (words.peek(recordAt + KEY_LENGTH) !== name.text.length) return false;
    const space = name.space.words;
    let at = recordAt + TEXTS;
    for (let i = 0; i < space.length; i++) if (words.peek(at++) !== space[i]) return false;
    const keyWords = wordsOf(name);
    for (let i = 0; i < keyWords; i++) if (words.peek(at++) !== wordOf(name, i)) return false;
    return true;
  }

  /** How many bytes the value of a matching record takes; `undefined` where that cannot be. */
  valueBytes(recordAt: number, name: RecordName): number | undefined {
    const bytes = this.words.peek(recordAt + VALUE_BYTES);
    return bytes >= 0 && recordAt + Records.size(name, bytes) <= this.wordCount ? bytes : undefined;
  }

  /** Copies the value of a matching record; `false` when it is torn. */
  copy(
    recordAt: number,
    claim: number,
    name: RecordName,
    bytes: number,
    target: Int32Array,
    targetAt: number,
  ): boolean {
    const { words } = this;
    const head = this.scratch;
    words.read(recordAt, head, 0, TEXTS);
    const valueWords = (bytes + 3) >>> 2;
    words.read(recordAt + TEXTS + name.space.words.length + wordsOf(name), target, targetAt, valueWords);
    return head[VALUE_BYTES] === bytes && head[CHECKSUM] === checksum(claim, head, 0, target, targetAt, valueWords);
  }

  /** When the record expires whose value was copied last. */
  get copiedExpiry(): number {
    this.floatWords[0] = this.scratch[EXPIRY] as number;
    this.floatWords[1] = this.scratch[EXPIRY + 1] as number;
    return this.float[0] as number;
  }

  /** The key of a record if it is of this space; confirmed afterwards by who asks. */
  keyAt(recordAt: number, kind: Kind, space: RecordName['space']): string | undefined {
    const { words } = this;
    const names = words.peek(recordAt + NAMES);
    const length = words.peek(recordAt + KEY_LENGTH);
    const isWide = (names & KEY_IS_WIDE) !== 0;
    if ((names | KEY_IS_WIDE) !== (namesOfSpace(kind, space) | KEY_IS_WIDE)) return undefined;
    const keyAt = recordAt + TEXTS + space.words.length;
    const count = isWide ? (length + 1) >>> 1 : (length + 3) >>> 2;
    if (length < 0 || keyAt + count > this.wordCount) return undefined;
    for (let i = 0; i < space.words.length; i++) {
      if (words.peek(recordAt + TEXTS + i) !== space.words[i]) return undefined;
    }
    const scratch = this.scratchOf(count);
    words.read(keyAt, scratch, 0, count);
    return readText(scratch, 0, length, isWide);
  }

  private scratchOf(words: number): Int32Array {
    if (words > this.scratch.length) {
      this.scratch = new Int32Array(2 ** Math.ceil(Math.log2(words)));
      this.scratchBytes = new Uint8Array(this.scratch.buffer);
    }
    return this.scratch;
  }
}

function namesOf(kind: Kind, name: RecordName): number {
  return namesOfSpace(kind, name.space) | (name.isWide ? KEY_IS_WIDE : 0);
}

function namesOfSpace(kind: Kind, { text, isWide }: RecordName['space']): number {
  return kind | (isWide ? SPACE_IS_WIDE : 0) | (text.length << SPACE_SHIFT);
}

/** Of the claim, a head and the words of a value: four lanes, since each multiplication waits for the one before it. */
function checksum(
  claim: number,
  head: Int32Array,
  headAt: number,
  value: Int32Array,
  valueAt: number,
  count: number,
): number {
  let a = claim ^ 0x165667b1;
  let b = head[headAt + HASH] as number;
  let c = head[headAt + VALUE_BYTES] as number;
  let d = (head[headAt + NAMES] as number) ^ imul(head[headAt + KEY_LENGTH] as number, 0x9e3779b1);
  a = imul(a ^ (head[headAt + EXPIRY] as number), 0x85ebca77);
  b = imul(b ^ (head[headAt + EXPIRY + 1] as number), 0xc2b2ae3d);
  const end = valueAt + count;
  let at = valueAt;
  for (; at + 3 < end; at += 4) {
    a = imul(a ^ (value[at] as number), 0x9e3779b1);
    b = imul(b ^ (value[at + 1] as number), 0x85ebca77);
    c = imul(c ^ (value[at + 2] as number), 0xc2b2ae3d);
    d = imul(d ^ (value[at + 3] as number), 0x27d4eb2f);
    // A multiplication moves bits up only.
    a ^= a >>> 15;
    b ^= b >>> 13;
    c ^= c >>> 16;
    d ^= d >>> 14;
  }
  for (; at < end; at++) {
    a = imul(a ^ (value[at] as number), 0x9e3779b1);
    a ^= a >>> 15;
  }
  let sum = imul(a ^ (b >>> 7) ^ (b << 25), 0x85ebca77);
  sum = imul(sum ^ (sum >>> 15) ^ c, 0xc2b2ae3d);
  sum = imul(sum ^ (sum >>> 13) ^ d, 0x27d4eb2f);
  return sum ^ (sum >>> 16);
}

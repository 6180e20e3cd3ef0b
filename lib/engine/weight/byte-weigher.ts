/* Estimates what a value keeps alive on V8's heap, by adding up the layouts V8 gives to values on a 64-bit machine without
 * pointer compression, as Node builds it: a word is 8 bytes, and an object, an array and a string begin with 3, 4 and 2 of them.
 *
 * Error: within 15 % of measured heap growth for values as they come from JSON.parse, literals, classes and `map`; see the
 * test. What cannot be seen from JavaScript, and what is assumed for it:
 * - Spare room. Arrays are taken as exactly filled; one grown by `push` holds up to half as much again and 16 slots. Objects
 *   are taken as created with all their properties; one filled by `o[key] = …` is a hash table from about 17 properties
 *   on, here from 128 on, and so weighs up to four times more.
 * - Sharing. Objects met twice within one value count once, and so do strings of at most 10 characters, which JSON.parse
 *   and literals share. What two values share counts in each. A part cut from a long string keeps that string: not counted.
 * - Shapes. Property names are held by the shape that objects have in common: only hash tables count them. Objects that
 *   each have a shape of their own weigh several times more.
 * - Private fields, symbol-keyed and non-enumerable properties, and what closures and promises hold: not counted.
 *
 * Cost: at most 1,000 values are visited. Larger collections are judged by elements spread evenly over them (of a Map or Set,
 * over its first 10,000), of which each gets its share of the visits. The names of an object are always listed in
 * full, and long two-byte strings read up to their first character beyond Latin-1. Nothing deeper than 200 levels is
 * visited. No getter and no method is called.
 */
const MAX_VISITS = 1_000;
/** Visits that an element may take at least, so that a large collection is judged by few whole elements, not by many stumps. */
const MIN_VISITS_PER_ELEMENT = 32;
const MAX_WALKED_ENTRIES = 10_000;
/** What lies deeper is not counted: a linked list must not use up the stack. */
const MAX_DEPTH = 200;

const WORD = 8;
const OBJECT_HEADER = 3 * WORD;
const ARRAY_HEADER = 4 * WORD;
const STRING_HEADER = 2 * WORD;
/** Of every block of slots: elements, hash tables. */
const BLOCK_HEADER = 2 * WORD;
const HEAP_NUMBER = 2 * WORD;
/** `{}` comes with room for four properties. */
const EMPTY_OBJECT = OBJECT_HEADER + 4 * WORD;
const DATE = 96 + HEAP_NUMBER;
const ARRAY_BUFFER = 88;
const TYPED_ARRAY = 96;
const DATA_VIEW = 80;
/** Beside its source; what it is compiled to is V8's to drop. */
const REG_EXP = 168;
const URL_RECORD = 208;
const CLOSURE = 96;
const SYMBOL = 24;
/** With the ten frames of a stack trace that nobody has read. */
const ERROR = 900;

/** From so many properties on, JSON.parse makes an object a hash table. */
const MIN_TABLE_PROPERTIES = 128;
/** V8 keeps a typed array of so many bytes within itself until somebody asks for its `buffer`. */
const MAX_INNER_BYTES = 64;
/** The longest string that JSON.parse shares with equal ones. */
const MAX_SHARED_LENGTH = 10;

const BEYOND_LATIN1 = /[^\0-\xff]/;

/**
 * How many bytes of heap, and of memory outside it, a value keeps alive: an estimate whose error and cost the text above
 * states. The slot that refers to the value is not in it, so a small integer, `true` or `null` weigh 0.
 */
export function approximateBytes(value: unknown): number {
  return typeof value === 'object' && value !== null ? new Weighing().object(value, 0) : bytesOfPrimitive(value);
}

/** One estimate: the visits that are left, and what was met already. */
class Weighing {
  private readonly seen = new Set<unknown>();
  private left = MAX_VISITS;
  private depth = 0;

  /** Visits may be taken until `reserve` of them are left. */
  object(value: object, reserve: number): number {
    if (this.seen.has(value)) return 0;
    this.seen.add(value);
    this.left--;
    if (this.depth === MAX_DEPTH) return EMPTY_OBJECT;
    this.depth++;
    try {
      return this.builtIn(value, reserve) ?? this.record(value, reserve);
    } catch {
      // A proxy that refuses, or an object that only inherits from a built-in one.
      return EMPTY_OBJECT;
    } finally {
      this.depth--;
    }
  }

  private any(value: unknown, reserve: number): number {
    if (typeof value === 'object' && value !== null) return this.object(value, reserve);
    this.left--;
    if (typeof value === 'string' && value.length <= MAX_SHARED_LENGTH) {
      if (this.seen.has(value)) return 0;
      this.seen.add(value);
    }
    return bytesOfPrimitive(value);
  }

  private builtIn(value: object, reserve: number): number | undefined {
    if (Array.isArray(value)) return this.array(value, reserve);
    if (ArrayBuffer.isView(value)) return this.view(value);
    if (value instanceof Map) return this.map(value, reserve);
    if (value instanceof Set) return this.set(value, reserve);
    if (value instanceof Date) return DATE;
    if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return ARRAY_BUFFER + value.byteLength;
    if (value instanceof RegExp) return REG_EXP + bytesOfString(value.source);
    if (value instanceof Error)
      return ERROR + this.hidden(value, 'message', reserve) + this.hidden(value, 'cause', reserve);
    if (value instanceof URL) return URL_RECORD + bytesOfString(value.href);
    return undefined;
  }

  private array(value: readonly unknown[], reserve: number): number {
    let onlyNumbers = true;
    let holes = 0;
    let visited = 0;
    const elements = this.spread(value.length, reserve, (index, share) => {
      const element = value[index];
      visited++;
      if (element === undefined && !(index in value)) holes++;
      else if (typeof element !== 'number') onlyNumbers = false;
      return this.any(element, share);
    });
    if (value.length === 0) return ARRAY_HEADER;
    const present = value.length - scaled(holes, visited, value.length);
    // Numbers alone, if not all small integers, stand in their slots as bare doubles.
    return ARRAY_HEADER + indexedSlots(present, value.length) + (onlyNumbers ? 0 : elements);
  }

  private map(value: ReadonlyMap<unknown, unknown>, reserve: number): number {
    const entries = this.walk(Map.prototype.entries.call(value), value.size, reserve);
    const held = this.spread(entries.length, reserve, (index, share) => {
      const [key, mapped] = entries[index] as [unknown, unknown];
      return this.any(key, share) + this.any(mapped, share);
    });
    return ARRAY_HEADER + orderedTable(value.size, 3) + scaled(held, entries.length, value.size);
  }

  private set(value: ReadonlySet<unknown>, reserve: number): number {
    const elements = this.walk(Set.prototype.values.call(value), value.size, reserve);
    const held = this.spread(elements.length, reserve, (index, share) => this.any(elements[index], share));
    return ARRAY_HEADER + orderedTable(value.size, 2) + scaled(held, elements.length, value.size);
  }

  /** Objects and instances of classes: their own enumerable properties, and the indices among them. */
  private record(value: object, reserve: number): number {
    const names = Object.keys(value);
    if (names.length === 0) return EMPTY_OBJECT;
    const indices = countIndices(names);
    const named = names.length - indices;
    const isTable = named >= MIN_TABLE_PROPERTIES;
    const held = this.spread(names.length, reserve, (index, share) => {
      const name = names[index] as string;
      const nameBytes = isTable && index >= indices ? bytesOfString(name) : 0;
      // Not `value[name]`, which would run a getter.
      return nameBytes + this.any(Object.getOwnPropertyDescriptor(value, name)?.value, share);
    });
    const header = named === 0 ? EMPTY_OBJECT : OBJECT_HEADER;
    const slots = isTable ? hashTable(named) : named * WORD;
    return header + slots + (indices > 0 ? indexedSlots(indices, Number(names[indices - 1]) + 1) : 0) + held;
  }

  /** A property that is not enumerable, of an object whose enumerable ones count too. */
  private hidden(value: Error, name: string, reserve: number): number {
    return this.any(Object.getOwnPropertyDescriptor(value, name)?.value, reserve);
  }

  private view(value: ArrayBufferView): number {
    const header = value instanceof DataView ? DATA_VIEW : TYPED_ARRAY;
    if (value.byteLength <= MAX_INNER_BYTES && value.byteOffset === 0 && !(value instanceof DataView)) {
      // Asking it for its buffer would make one.
      return header + ARRAY_BUFFER + BLOCK_HEADER + wholeWords(value.byteLength);
    }
    const { buffer } = value;
    // Node cuts small Buffers from a common one; each keeps its part of it.
    if (isPooled(value, buffer)) return header + wholeWords(value.byteLength);
    if (this.seen.has(buffer)) return header;
    this.seen.add(buffer);
    return header + ARRAY_BUFFER + buffer.byteLength;
  }

  /**
   * The sum of `bytesAt` over `count` elements: of all of them while visits last, else of elements spread evenly, for as
   * long as they last, and as much again for the rest.
   */
  private spread(count: number, reserve: number, bytesAt: (index: number, reserve: number) => number): number {
    const stride = strideOver(count);
    let bytes = 0;
    let visited = 0;
    for (let index = 0; visited < count && this.left > 0; index = (index + stride) % count) {
      const available = this.left - reserve;
      if (available <= 0 && visited > 0) break;
      const share = Math.max(MIN_VISITS_PER_ELEMENT, Math.ceil(available / (count - visited)));
      bytes += bytesAt(index, Math.max(reserve, this.left - share));
      visited++;
    }
    return scaled(bytes, visited, count);
  }

  /** As many entries as there may be visits, evenly spread over those that are walked. */
  private walk<T>(entries: IterableIterator<T>, size: number, reserve: number): T[] {
    const walked = Math.min(size, MAX_WALKED_ENTRIES);
    const step = Math.ceil(walked / Math.max(1, this.left - reserve));
    const kept: T[] = [];
    let position = 0;
    for (const entry of entries) {
      if (position === walked) break;
      if (position++ % step === 0) kept.push(entry);
    }
    return kept;
  }
}

function bytesOfPrimitive(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return bytesOfString(value);
    case 'number':
      return isSmallInteger(value) ? 0 : HEAP_NUMBER;
    case 'bigint':
      return bytesOfBigInt(value);
    case 'symbol':
      return SYMBOL;
    case 'function':
      return CLOSURE;
    default:
      return 0;
  }
}

function bytesOfString(text: string): number {
  const { length } = text;
  if (length === 0) return 0;
  const isTwoByte = BEYOND_LATIN1.test(text);
  // V8 has a table of the strings of one Latin-1 character.
  if (length === 1 && !isTwoByte) return 0;
  return STRING_HEADER + wholeWords(isTwoByte ? 2 * length : length);
}

function bytesOfBigInt(value: bigint): number {
  if (value === 0n) return 2 * WORD;
  if (BigInt.asIntN(64, value) === value) return 3 * WORD;
  // Digits of 16, four bits each; a text is the only view of its length.
  return 2 * WORD + wholeWords(Math.ceil(value.toString(16).length / 2));
}

function isSmallInteger(value: number): boolean {
  return (value | 0) === value && !Object.is(value, -0);
}

function wholeWords(bytes: number): number {
  return Math.ceil(bytes / WORD) * WORD;
}

function scaled(bytes: number, visited: number, count: number): number {
  return visited === 0 ? 0 : Math.round((bytes * count) / visited);
}

/** The insertion-ordered hash table of Map and Set: half as many buckets as entries, both powers of two. */
function orderedTable(size: number, wordsPerEntry: number): number {
  const capacity = Math.max(4, powerOfTwoFrom(size));
  return BLOCK_HEADER + 3 * WORD + (capacity / 2) * WORD + capacity * wordsPerEntry * WORD;
}

/** The hash table of an object's properties or indices: three words to each of its places, of which a third stays free. */
function hashTable(size: number): number {
  return BLOCK_HEADER + 4 * WORD + tableCapacity(size) * 3 * WORD;
}

function tableCapacity(size: number): number {
  return powerOfTwoFrom(size + (size >> 1));
}

/** Slots for the indices below `length`, or a hash table where few of them are taken. */
function indexedSlots(present: number, length: number): number {
  return length > 9 * tableCapacity(present) ? hashTable(present) : BLOCK_HEADER + length * WORD;
}

function powerOfTwoFrom(minimum: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, minimum)));
}

/** How many names are indices: they come first. */
function countIndices(names: readonly string[]): number {
  let count = 0;
  while (count < names.length && isIndex(names[count] as string)) count++;
  return count;
}

function isIndex(name: string): boolean {
  const first = name.charCodeAt(0);
  return first >= 0x30 && first <= 0x39 && String(Number(name) >>> 0) === name;
}

/** A stride that reaches every index once and leaves those reached so far evenly spread: near the golden section. */
function strideOver(count: number): number {
  if (count < MIN_VISITS_PER_ELEMENT) return 1;
  let stride = Math.round(count * 0.618_034);
  while (greatestCommonDivisor(stride, count) !== 1) stride++;
  return stride;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function isPooled(view: ArrayBufferView, buffer: ArrayBufferLike): boolean {
  if (typeof Buffer !== 'function' || !(view instanceof Buffer)) return false;
  return buffer.byteLength === Buffer.poolSize && view.byteLength < Buffer.poolSize;
}

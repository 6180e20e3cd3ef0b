import {
  CacheMisuseError,
  canonical,
  canonicalArguments,
  NOT_PRIMITIVE,
  parseCanonicalPrimitive,
  show,
} from '../core/index.js';
import { ArgumentPair, ArgumentPairs, type Occupancy } from './argument-pairs.js';
import { indexOfName, nameOfIndex, OBJECT_MARK, STRING_MARK } from './key-name.js';

/**
 * Turns keys into what entries stand under. An *index* is compared as in a `Map`. It is the key itself where that is a
 * primitive, so that a hit builds no string; else a text that is equal exactly for keys of equal structure, or the one
 * object for a pair of arguments.
 */
export interface KeyCodec<K> {
  index(key: K): unknown;
  /** The key of an index, where it can be told from that alone; objects are kept beside their entries instead. */
  key(index: unknown): K | undefined;
  /** How a pattern, an event reader or a log sees the key. */
  text(index: unknown): string;
  /**
   * What the key is called outside of this process, in tiers and on the bus: one text for each index, and one index for
   * each text. `undefined` for a symbol that no other process can have.
   */
  nameOf(index: unknown): string | undefined;
  /** The index that is called so. */
  indexOfName(name: string): unknown;
  /** Told once which cache the indexes are for. */
  attach?(cache: Occupancy): void;
}

/** Keys as callers give them: primitives as they are, objects by their structure. */
export class ValueKeyCodec<K> implements KeyCodec<K> {
  private readonly encode: (key: K) => string;

  constructor(encode: ((key: K) => string) | undefined) {
    this.encode = encode ?? canonical;
  }

  index(key: K): unknown {
    if (typeof key === 'string') return key.charCodeAt(0) === 0 ? STRING_MARK + key : key;
    if ((typeof key === 'object' && key !== null) || typeof key === 'function') return OBJECT_MARK + this.textOf(key);
    return key;
  }

  private textOf(key: K): string {
    const text: unknown = this.encode(key);
    if (typeof text === 'string') return text;
    throw new CacheMisuseError(
      `keyCodec must return a text for every key (it returned ${show(text)}); else all keys were one`,
    );
  }

  key(index: unknown): K | undefined {
    if (typeof index !== 'string' || index.charCodeAt(0) !== 0) return index as K;
    return index.startsWith(STRING_MARK) ? (index.slice(STRING_MARK.length) as K) : undefined;
  }

  text(index: unknown): string {
    if (typeof index !== 'string' || index.charCodeAt(0) !== 0) return String(index);
    return index.slice(OBJECT_MARK.length);
  }

  nameOf(index: unknown): string | undefined {
    return nameOfIndex(index);
  }

  indexOfName(name: string): unknown {
    return indexOfName(name);
  }
}

/**
 * Keys of a method's own cache. To the world a key is the text `Class.method(args)`; in memory a call with one primitive
 * argument stands under that argument itself, and one with two under their pair.
 */
export class MethodKeyCodec implements KeyCodec<string> {
  private pairs = new ArgumentPairs({ entries: () => 0, loading: () => [] });

  constructor(private readonly name: string) {}

  attach(cache: Occupancy): void {
    this.pairs = new ArgumentPairs(cache);
  }

  /** What a call stands under. */
  indexOf(args: readonly unknown[]): unknown {
    let count = args.length;
    while (count > 0 && args[count - 1] === undefined) count--;
    const first = args[0];
    if (count === 1 && standsAsItself(first)) return first;
    const second = args[1];
    if (count === 2 && isPart(first) && isPart(second)) return this.pairs.get(first, second);
    return OBJECT_MARK + canonicalArguments(args);
  }

  /** The public key of a call. */
  textOf(args: readonly unknown[]): string {
    return `${this.name}(${canonicalArguments(args)})`;
  }

  index(key: string): unknown {
    const prefix = `${this.name}(`;
    if (!key.startsWith(prefix) || !key.endsWith(')')) return STRING_MARK + key;
    return this.indexOfText(key.slice(prefix.length, -1));
  }

  key(index: unknown): string {
    if (index instanceof ArgumentPair) return this.textOf([index.first, index.second]);
    if (typeof index !== 'string' || index.charCodeAt(0) !== 0) return this.textOf([index]);
    return index.startsWith(STRING_MARK)
      ? index.slice(STRING_MARK.length)
      : `${this.name}(${index.slice(OBJECT_MARK.length)})`;
  }

  text(index: unknown): string {
    return this.key(index);
  }

  nameOf(index: unknown): string {
    return this.key(index);
  }

  indexOfName(name: string): unknown {
    return this.index(name);
  }

  private indexOfText(args: string): unknown {
    const only = parseCanonicalPrimitive(args);
    if (only !== NOT_PRIMITIVE) return standsAsItself(only) ? only : OBJECT_MARK + args;
    const pair = parsePair(args);
    return pair === undefined ? OBJECT_MARK + args : this.pairs.get(...pair);
  }
}

function standsAsItself(argument: unknown): boolean {
  return typeof argument === 'number' || (typeof argument === 'string' && argument.charCodeAt(0) !== 0);
}

/** Whether an argument may be part of a pair: a primitive that a text gives back, and whose absence means nothing. */
function isPart(argument: unknown): boolean {
  switch (typeof argument) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'bigint':
      return true;
    default:
      return argument === null;
  }
}

function parsePair(args: string): [unknown, unknown] | undefined {
  const end = args.startsWith('"') ? endOfString(args) : args.indexOf(',');
  if (end <= 0 || args[end] !== ',') return undefined;
  const first = parseCanonicalPrimitive(args.slice(0, end));
  const second = parseCanonicalPrimitive(args.slice(end + 1));
  return isPart(first) && isPart(second) ? [first, second] : undefined;
}

/** Where the JSON string that the text begins with ends: the position behind its closing quote. */
function endOfString(text: string): number {
  let at = 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

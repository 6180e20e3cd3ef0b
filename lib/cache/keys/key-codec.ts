import { CacheMisuseError, canonical, canonicalArguments, parseCanonicalPrimitive, show } from '../../core/index.js';
import type { KeyPlace } from '../../engine/index.js';
import { ArgumentPlaces } from './argument-places.js';
import { indexOfName, nameOfIndex, OBJECT_MARK, STRING_MARK } from './key-name.js';

/**
 * Turns keys into what entries stand under. An *index* is compared as in a `Map`. It is the key itself where that is a
 * primitive, so that a hit builds no string; else a text that is equal exactly for keys of equal structure.
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
  /** Told once how many entries the cache has. */
  attach?(entries: () => number): void;
}

/** Keys as callers give them: primitives as they are, objects by their structure. */
export class ValueKeyCodec<K> implements KeyCodec<K> {
  private readonly encode: (key: K) => string;

  constructor(encode: ((key: K) => string) | undefined) {
    this.encode = encode ?? canonical;
  }

  index(key: K): unknown {
    return isOwnIndex(key) ? key : this.otherIndex(key);
  }

  private otherIndex(key: K): unknown {
    if (typeof key === 'string') return STRING_MARK + key;
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
 * argument stands under that argument itself, and any other under the text of its arguments. One with two primitives has a
 * place to look at first.
 */
export class MethodKeyCodec implements KeyCodec<string> {
  private places = this.placesFor(() => 0);

  constructor(private readonly name: string) {}

  attach(entries: () => number): void {
    this.places = this.placesFor(entries);
  }

  /** What a call stands under. */
  indexOf(args: readonly unknown[]): unknown {
    return args.length === 1 && isOwnIndex(args[0]) ? args[0] : indexOfMany(args);
  }

  /** Where a call with these two arguments stands; `undefined` where only {@link indexOf} can tell. */
  placeOf(first: unknown, second: unknown): KeyPlace<string> | undefined {
    return this.places.get(first, second);
  }

  /** The public key of a call. */
  textOf(args: readonly unknown[]): string {
    return `${this.name}(${canonicalArguments(args)})`;
  }

  index(key: string): unknown {
    const prefix = `${this.name}(`;
    if (!key.startsWith(prefix) || !key.endsWith(')')) return STRING_MARK + key;
    const args = key.slice(prefix.length, -1);
    const only = parseCanonicalPrimitive(args);
    return isOwnIndex(only) ? only : OBJECT_MARK + args;
  }

  key(index: unknown): string {
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

  private placesFor(entries: () => number): ArgumentPlaces {
    return new ArgumentPlaces((first, second) => OBJECT_MARK + canonicalArguments([first, second]), entries);
  }
}

/** `undefined` at the end means nothing: a call may stand under its only other argument. */
function indexOfMany(args: readonly unknown[]): unknown {
  let count = args.length;
  while (count > 0 && args[count - 1] === undefined) count--;
  return count === 1 && isOwnIndex(args[0]) ? args[0] : OBJECT_MARK + canonicalArguments(args);
}

/** Whether a key, or the only argument of a call, stands under itself, whatever turns keys into indexes. */
export function isOwnIndex(key: unknown): boolean {
  return typeof key === 'string' ? key.charCodeAt(0) !== 0 : typeof key === 'number';
}

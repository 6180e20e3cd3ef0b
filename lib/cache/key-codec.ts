import { canonical, canonicalArguments, NOT_PRIMITIVE, parseCanonicalPrimitive } from '../core/index.js';

/**
 * Turns keys into what entries stand under. An *index* is a primitive: the key itself where that is one, so that a hit
 * builds no string; else a text that is equal exactly for keys of equal structure.
 */
export interface KeyCodec<K> {
  index(key: K): unknown;
  /** The key of an index, where it can be told from that alone; objects are kept beside their entries instead. */
  key(index: unknown): K | undefined;
  /** How a pattern, an event reader or a log sees the key. */
  text(index: unknown): string;
}

/** Marks an index that is a text of ours, not a caller's string; a caller's string that starts so is escaped. */
const MARK = '\0';
const OBJECT_MARK = `${MARK}o`;
const STRING_MARK = `${MARK}s`;

/** Keys as callers give them: primitives as they are, objects by their structure. */
export class ValueKeyCodec<K> implements KeyCodec<K> {
  private readonly encode: (key: K) => string;

  constructor(encode: ((key: K) => string) | undefined) {
    this.encode = encode ?? canonical;
  }

  index(key: K): unknown {
    if (typeof key === 'string') return key.charCodeAt(0) === 0 ? STRING_MARK + key : key;
    if ((typeof key === 'object' && key !== null) || typeof key === 'function') return OBJECT_MARK + this.encode(key);
    return key;
  }

  key(index: unknown): K | undefined {
    if (typeof index !== 'string' || index.charCodeAt(0) !== 0) return index as K;
    return index.startsWith(STRING_MARK) ? (index.slice(STRING_MARK.length) as K) : undefined;
  }

  text(index: unknown): string {
    if (typeof index !== 'string' || index.charCodeAt(0) !== 0) return String(index);
    return index.slice(OBJECT_MARK.length);
  }
}

/**
 * Keys of a method's own cache. To the world a key is the text `Class.method(args)`; in memory a call with no argument
 * or one primitive argument stands under that argument itself.
 */
export class MethodKeyCodec implements KeyCodec<string> {
  constructor(private readonly name: string) {}

  /** What a call stands under. */
  indexOf(args: readonly unknown[]): unknown {
    if (args.length === 1) {
      const only = args[0];
      if (typeof only === 'number') return only;
      if (typeof only === 'string' && only.charCodeAt(0) !== 0) return only;
    }
    return this.indexOfText(canonicalArguments(args));
  }

  index(key: string): unknown {
    const prefix = `${this.name}(`;
    if (!key.startsWith(prefix) || !key.endsWith(')')) return STRING_MARK + key;
    return this.indexOfText(key.slice(prefix.length, -1));
  }

  key(index: unknown): string {
    if (typeof index !== 'string' || index.charCodeAt(0) !== 0) return `${this.name}(${canonical(index)})`;
    return index.startsWith(STRING_MARK)
      ? index.slice(STRING_MARK.length)
      : `${this.name}(${index.slice(OBJECT_MARK.length)})`;
  }

  text(index: unknown): string {
    return this.key(index);
  }

  private indexOfText(args: string): unknown {
    const only = parseCanonicalPrimitive(args);
    const standsAsItself = typeof only === 'number' || (typeof only === 'string' && only.charCodeAt(0) !== 0);
    return only !== NOT_PRIMITIVE && standsAsItself ? only : OBJECT_MARK + args;
  }
}

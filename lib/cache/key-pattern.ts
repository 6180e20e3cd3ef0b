import { CacheMisuseError, compileGlob, show } from '../core/index.js';
import type { KeyPattern } from './cache.js';
import type { KeyCodec } from './key-codec.js';

/** A regular expression is tried on keys of at most this many characters; a longer key matches none. */
const MAX_REGEXP_INPUT = 1_024;

/** A pattern made ready: what it matches, and how an event names it. */
export interface CompiledPattern<K> {
  readonly name: string;
  matches(key: K): boolean;
}

export function compilePattern<K>(pattern: KeyPattern<K>, codec: KeyCodec<K>): CompiledPattern<K> {
  const textOf = (key: K): string => codec.text(codec.index(key));
  if (typeof pattern === 'string') {
    const matches = compileGlob(pattern);
    return { name: pattern, matches: (key) => matches(textOf(key)) };
  }
  if (pattern instanceof RegExp) {
    // A copy of our own: with the flags g and y, `test` remembers where it stopped.
    const expression = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
    return {
      name: String(pattern),
      matches: (key) => {
        const text = textOf(key);
        return text.length <= MAX_REGEXP_INPUT && expression.test(text);
      },
    };
  }
  if (typeof pattern === 'function') return { name: '(predicate)', matches: pattern };
  throw new CacheMisuseError(
    `a pattern must be a glob such as 'user:*', a regular expression, or a function of the key; received ${show(pattern)}`,
  );
}

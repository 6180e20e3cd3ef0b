import { CacheMisuseError, compileGlob, show } from '../core/index.js';

/** Picks keys: a glob or a regular expression over the text of string and number keys, or a function of any key. */
export type KeyPattern<K> = string | RegExp | ((key: K) => boolean);

/** A user's regular expression may take exponential time; it is never run on more than this many characters. */
const LONGEST_REGEXP_KEY = 1_024;

/** A pattern, ready for use: a check of a key, and a name for messages and events. */
export interface CompiledPattern<K> {
  readonly name: string;
  matches(key: K): boolean;
}

/** Compiles a pattern; what is none is a CacheMisuseError. */
export function compilePattern<K>(pattern: KeyPattern<K>): CompiledPattern<K> {
  if (typeof pattern === 'function') return { name: '(predicate)', matches: (key) => Boolean(pattern(key)) };
  if (typeof pattern === 'string') {
    const matchesText = compileGlob(pattern);
    return { name: pattern, matches: (key) => isTextual(key) && matchesText(String(key)) };
  }
  if (pattern instanceof RegExp) return compileRegExp(pattern);
  throw new CacheMisuseError(
    `invalidateMatching() needs a glob, a RegExp or a function of the key (received ${show(pattern)})`,
  );
}

function compileRegExp<K>(pattern: RegExp): CompiledPattern<K> {
  // A copy of our own: with the flags g and y, `test` remembers where it stopped.
  const own = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
  return {
    name: String(pattern),
    matches(key) {
      if (!isTextual(key)) return false;
      const text = String(key);
      return text.length <= LONGEST_REGEXP_KEY && own.test(text);
    },
  };
}

function isTextual(key: unknown): key is string | number {
  return typeof key === 'string' || typeof key === 'number';
}

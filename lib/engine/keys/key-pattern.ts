import { CacheMisuseError, compileGlob, show } from '../../core/index.js';

/** Picks keys: a glob or a regular expression over the text of string and number keys, or a function of any key. */
export type KeyPattern<K> = string | RegExp | ((key: K) => boolean);

/** A user's regular expression may take exponential time; it is never run on more than this many characters. */
const LONGEST_REGEXP_KEY = 1_024;

/** A pattern, ready for use: a check of a key, and a name for messages and events. */
export interface CompiledPattern<K> {
  readonly name: string;
  matches(key: K): boolean;
}

/** The text of a key for globs and regular expressions; `undefined` for a key that has none, which they never match. */
export type KeyText<K> = (key: K) => string | undefined;

/** Compiles a pattern; what is none is a CacheMisuseError. */
export function compilePattern<K>(pattern: KeyPattern<K>, textOf: KeyText<K> = ownText): CompiledPattern<K> {
  if (typeof pattern === 'function') return { name: '(predicate)', matches: (key) => answerOf(pattern(key)) };
  if (typeof pattern === 'string') return { name: pattern, matches: onText(textOf, compileGlob(pattern)) };
  if (pattern instanceof RegExp) {
    // A copy of our own: with the flags g and y, `test` remembers where it stopped.
    const own = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
    const matches = onText(textOf, (text) => text.length <= LONGEST_REGEXP_KEY && own.test(text));
    return { name: String(pattern), matches };
  }
  throw new CacheMisuseError(
    `invalidateMatching() needs a glob such as 'user:*', a RegExp or a function of the key (received ${show(pattern)})`,
  );
}

function onText<K>(textOf: KeyText<K>, matches: (text: string) => boolean): (key: K) => boolean {
  return (key) => {
    const text = textOf(key);
    return text !== undefined && matches(text);
  };
}

function ownText(key: unknown): string | undefined {
  return typeof key === 'string' || typeof key === 'number' ? String(key) : undefined;
}

/** A promise is no answer, and as a truthy value it would pick every key. */
function answerOf(answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null || !('then' in answer)) return Boolean(answer);
  throw new CacheMisuseError(
    'invalidateMatching() was given an asynchronous function; it must answer true or false at once',
  );
}

import { CanonicalWriter, MAX_TEXT_LENGTH, quote } from './canonical-writer.js';

/** What {@link parseCanonicalPrimitive} answers for a text that is not that of a primitive. */
export const NOT_PRIMITIVE: unique symbol = Symbol('not a primitive');

/**
 * A text that stands for a key value: equal for structurally equal values, and for no others.
 *
 * It reads like JSON where JSON has the value (`"42"`, `42`, `{"a":"x","b":1}`), with property names in order, and goes on
 * from there: `1n`, `undefined`, `NaN`, `Date(2026-01-31T00:00:00.000Z)`, `Map("a"=>1)`, `Set(1,2)`, `RegExp("a+","i")`,
 * `Uint8Array(00ff)`, `URL("https://…")`, `UserId{"value":7}`.
 *
 * What is equal:
 * - as in a `Map`, `0` and `-0`, `NaN` and `NaN`; no two of `1`, `'1'`, `1n`, `true`; no two of `null`, `undefined`, a missing
 *   property and a hole in an array.
 * - objects by their own enumerable properties, in any order, and the name of their class; a plain object and one without
 *   a prototype. Two classes of one name are told apart by nothing else.
 * - Maps and Sets by what they hold, in any order; dates by their time; regular expressions by source and flags;
 *   typed arrays, buffers and data views by class and contents.
 *
 * Own enumerable getters are read; `toJSON` is never called, nor any other method of a value.
 *
 * Refused with a `CacheMisuseError` that names the kind and the place: what has no structure to compare (functions,
 * symbols, promises, WeakMaps, errors), what hides it (other built-in objects; an instance that has methods but no
 * property of its own; data on a prototype), a property under a symbol, a circular structure, a getter that throws, more
 * than 32 levels, 10,000 values or 1 Mi characters of text. Private fields of a class that has public ones too cannot be
 * seen: give such a class a `key` function.
 */
export function canonical(value: unknown): string {
  return textOfShort(value) ?? new CanonicalWriter('the key').text(value);
}

/**
 * The canonical texts of a call's arguments, divided by commas. `undefined` at the end is left out, since an optional
 * parameter means the same absent or undefined: `f(1)` and `f(1, undefined)` have one text.
 */
export function canonicalArguments(args: readonly unknown[]): string {
  let count = args.length;
  while (count > 0 && args[count - 1] === undefined) count--;
  if (count === 0) return '';
  const short = textOfShortArguments(args, count);
  if (short !== undefined) return short;
  // One writer, so that the limits hold for the arguments together.
  const writer = new CanonicalWriter('argument');
  return args
    .slice(0, count)
    .map((argument, index) => writer.text(argument, `argument ${index + 1}`))
    .join(',');
}

/** What most calls have: a few short primitives, whose texts need no limits. */
function textOfShortArguments(args: readonly unknown[], count: number): string | undefined {
  let joined = textOfShort(args[0]);
  for (let next = 1; next < count && joined !== undefined; next++) {
    const text = next < 8 ? textOfShort(args[next]) : undefined;
    joined = text === undefined ? undefined : `${joined},${text}`;
  }
  return joined;
}

/** The value of a primitive's canonical text; {@link NOT_PRIMITIVE} for every other text. */
export function parseCanonicalPrimitive(
  text: string,
): string | number | bigint | boolean | null | undefined | typeof NOT_PRIMITIVE {
  switch (text) {
    case 'null':
      return null;
    case 'undefined':
      return undefined;
    case 'true':
      return true;
    case 'false':
      return false;
    default:
      break;
  }
  if (text.length > MAX_TEXT_LENGTH) return NOT_PRIMITIVE;
  if (text.startsWith('"')) return parseString(text);
  if (/^-?\d+n$/.test(text)) {
    const integer = BigInt(text.slice(0, -1));
    return `${integer}n` === text ? integer : NOT_PRIMITIVE;
  }
  const number = Number(text);
  // Of all spellings of a number only the canonical one: not '1.0', '0x1', ' 1' or '-0'.
  return String(number) === text ? number : NOT_PRIMITIVE;
}

function parseString(text: string): string | typeof NOT_PRIMITIVE {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' && quote(value) === text ? value : NOT_PRIMITIVE;
  } catch {
    return NOT_PRIMITIVE;
  }
}

/** The text of the commonest keys, without the bookkeeping that larger values need. */
function textOfShort(value: unknown): string | undefined {
  if (typeof value === 'string') return value.length <= 1_024 ? quote(value) : undefined;
  // `String(-0)` is '0', as it is to be.
  const isWord = value === null || value === undefined || typeof value === 'boolean';
  return isWord || typeof value === 'number' ? String(value) : undefined;
}

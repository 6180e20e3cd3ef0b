/** Marks an index that is a text of ours, not a caller's string; a caller's string that starts so is escaped. */
const MARK = '\0';
export const OBJECT_MARK = `${MARK}o`;
export const STRING_MARK = `${MARK}s`;

/** Begins the name of whatever is not a caller's string; a caller's string that begins so gets another in front. */
export const NAME_MARK = '#';
const OBJECT_NAME = `${NAME_MARK}o:`;
const SYMBOL_NAME = `${NAME_MARK}@`;

const WORDS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['#true', true],
  ['#false', false],
  ['#null', null],
  ['#undefined', undefined],
]);

/** What an index is called outside of this process: `42` is not `'42'`, and strings are themselves. */
export function nameOfIndex(index: unknown): string | undefined {
  switch (typeof index) {
    case 'string':
      if (index.startsWith(OBJECT_MARK)) return OBJECT_NAME + index.slice(OBJECT_MARK.length);
      return escaped(index.startsWith(STRING_MARK) ? index.slice(STRING_MARK.length) : index);
    case 'bigint':
      return `${NAME_MARK}${index}n`;
    case 'symbol': {
      const registered = Symbol.keyFor(index);
      return registered === undefined ? undefined : SYMBOL_NAME + registered;
    }
    default:
      return NAME_MARK + String(index);
  }
}

export function indexOfName(name: string): unknown {
  if (!name.startsWith(NAME_MARK)) return name.startsWith(MARK) ? STRING_MARK + name : name;
  if (name.startsWith(NAME_MARK, 1)) return name.slice(1);
  if (name.startsWith(OBJECT_NAME)) return OBJECT_MARK + name.slice(OBJECT_NAME.length);
  if (name.startsWith(SYMBOL_NAME)) return Symbol.for(name.slice(SYMBOL_NAME.length));
  if (WORDS.has(name)) return WORDS.get(name);
  const digits = name.slice(NAME_MARK.length);
  return digits.endsWith('n') ? BigInt(digits.slice(0, -1)) : Number(digits);
}

function escaped(text: string): string {
  return text.startsWith(NAME_MARK) ? NAME_MARK + text : text;
}

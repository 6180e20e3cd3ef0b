/*
 * How keys are named on the server. What belongs to a key of a space has the key in braces, which is what Redis Cluster
 * hashes, so that it is all on one server and changes in one step:
 *
 *   strata:users:{42}      the entry
 *   strata:users:{42}:f    its fence
 *   strata:users:{42}:l    its lease
 *   strata:users:{admin}:g the generation of group "admin"
 *   strata:users:{}:g      the generation of the space; without text in the braces the whole name is hashed
 *
 * Invariant: two names are equal only when kind, space and text are. A space has no "{", so the first one ends it; a
 * text has no "}", so the next one ends the text; the kinds differ after it. What a text may not have is written as in
 * a URL ("%7D"), half surrogate pairs too, which UTF-8 cannot carry; a text that is empty is "%".
 */
const FORBIDDEN_IN_SPACE = /[%{]|\p{Surrogate}/gu;
const FORBIDDEN_IN_TEXT = /[%}]|\p{Surrogate}/gu;
const ESCAPE = /%(25|7B|7D|u[0-9A-F]{4})/g;

/** What stands under a name, by what the name ends with. */
export type NameKind = '' | ':f' | ':l' | ':g';

/** The names of one space. */
export class SpaceNames {
  private readonly start: string;

  constructor(prefix: string, space: string) {
    this.start = `${prefix}${escaped(space, FORBIDDEN_IN_SPACE)}:{`;
  }

  entry(key: string): string {
    return `${this.start}${keyText(key)}}`;
  }

  fence(key: string): string {
    return `${this.start}${keyText(key)}}:f`;
  }

  lease(key: string): string {
    return `${this.start}${keyText(key)}}:l`;
  }

  generation(name: string): string {
    return `${this.start}${escaped(name, FORBIDDEN_IN_TEXT)}}:g`;
  }

  /** The key of an entry's name or of a fence's; `undefined` for any other name. */
  keyOf(name: string): string | undefined {
    if (!name.startsWith(this.start)) return undefined;
    const end = name.endsWith('}:f') ? name.length - 3 : name.length - 1;
    if (end < this.start.length || name[end] !== '}') return undefined;
    const text = name.slice(this.start.length, end);
    return text === '%' ? '' : unescaped(text);
  }

  /** A pattern of the server's that all entries and fences match whose keys can match the glob, and few other names. */
  pattern(glob: string | undefined): string {
    // Only what stands before the first character that means something, and before anything that is more than one byte
    // to the server or could be half of something: the rest is decided by whoever reads the names.
    const [literal = ''] = /^[^*?[{\\\p{Surrogate}\u{10000}-\u{10ffff}]*/u.exec(glob ?? '') ?? [];
    return `${(this.start + escaped(literal, FORBIDDEN_IN_TEXT)).replace(/[*?[\]\\^-]/g, '\\$&')}*`;
  }
}

function keyText(key: string): string {
  return key === '' ? '%' : escaped(key, FORBIDDEN_IN_TEXT);
}

function escaped(text: string, forbidden: RegExp): string {
  return text.replace(forbidden, (character) => {
    const code = character.charCodeAt(0);
    return code > 0xff ? `%u${code.toString(16).toUpperCase()}` : `%${code.toString(16).toUpperCase()}`;
  });
}

function unescaped(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(ESCAPE, (_, hex: string) => String.fromCharCode(parseInt(hex.replace('u', ''), 16)));
}

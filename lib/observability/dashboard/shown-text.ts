/** Characters that a reader would not see, or that change the order of those around them: shown as escapes instead. */
const UNSEEN = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\p{Cs}]/gu;

/**
 * A text of anybody's making as it can stand on the page: at most `max` characters, on one line, every character of it to be
 * seen and in the order in which it is stored.
 */
export function shownText(text: string, max: number): string {
  return shortened(text, max).replace(UNSEEN, escaped);
}

/** The same for a text of several lines. */
export function shownLines(text: string, max: number): string {
  return shortened(text, max).replace(UNSEEN, (character) => (character === '\n' ? character : escaped(character)));
}

function shortened(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max)}…` : text;
}

function escaped(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\t') return '\\t';
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

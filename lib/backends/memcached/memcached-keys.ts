import { digestOf } from './digest.js';

/** What an item is for. */
export type ItemKind = 'entry' | 'generation' | 'lease';

const MARKS: Readonly<Record<ItemKind, string>> = { entry: 'e', generation: 'g', lease: 'l' };
/** Of Memcached itself. */
const MAX_KEY_BYTES = 250;
const MAX_SPACE_BYTES = 100;
/** Printable ASCII without the space, without `~`, which begins a hash, and for a space without `/`, which ends it. */
const READABLE_SPACE = /^[!-.0-}]+$/;
const READABLE_NAME = /^[!-}]*$/;

/**
 * The keys of the items: `strata:users/e/42`. A space has no `/`, so the first one ends it, and no two of space, kind and
 * name share a key. Whatever is too long, or has a character that could end a key or a line, is hashed: `~` and 43
 * characters, which no readable one begins with. So nothing that a caller names can reach another item or the protocol.
 */
export class MemcachedKeys {
  /** Of the latest spaces; a process has few. */
  private readonly spaces = new Map<string, string>();

  key(space: string, kind: ItemKind, name: string): string {
    const prefix = `${this.spaceText(space)}/${MARKS[kind]}/`;
    const fits = prefix.length + name.length <= MAX_KEY_BYTES;
    return prefix + (fits && READABLE_NAME.test(name) ? name : hashed(name));
  }

  private spaceText(space: string): string {
    const known = this.spaces.get(space);
    if (known !== undefined) return known;
    const text = space.length <= MAX_SPACE_BYTES && READABLE_SPACE.test(space) ? space : hashed(space);
    if (this.spaces.size >= MAX_KNOWN_SPACES) this.spaces.clear();
    this.spaces.set(space, text);
    return text;
  }
}

const MAX_KNOWN_SPACES = 1_000;

function hashed(text: string): string {
  return `~${digestOf(text)}`;
}

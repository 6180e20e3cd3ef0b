import type { KeyLabel } from '../wire.js';
import { h } from './dom.js';
import { hrefOf } from './route.js';

/** A key that leads to its entry. */
export function keyLink(cache: string, { id, text }: KeyLabel): HTMLAnchorElement {
  const href = hrefOf({ view: 'keys', cache, key: id });
  return h('a', { class: 'key-link', href, 'data-focus': id }, text === '' ? '(empty text)' : text);
}

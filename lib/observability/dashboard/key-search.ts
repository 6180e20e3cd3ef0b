import { compileGlob } from '../../core/index.js';
import type { BrowsedCache } from './browsed-cache.js';
import type { Pause } from './pauses.js';
import type { KeyLabel } from './wire.js';

/** Which keys of a cache are wanted. */
export interface KeyQuery {
  /** Keys that contain it, in upper or lower case; with `*` or `?` a glob over the whole key. `''` is every key. */
  readonly search: string;
  readonly group: string | undefined;
  readonly offset: number;
  readonly limit: number;
}

/** Some keys, and how many there are. */
export interface FoundKeys {
  readonly keys: readonly KeyLabel[];
  readonly matches: number;
}

/** How a search gets on with others. */
export interface SearchCourse {
  readonly pause: Pause;
  /** Whether nobody waits for it any more; then it ends. */
  readonly isGone: () => boolean;
}

/** Goes through all keys of the memory of a cache, the next victim first. */
export async function searchKeys(
  browsed: BrowsedCache,
  { search, group, offset, limit }: KeyQuery,
  { pause, isGone }: SearchCourse,
): Promise<FoundKeys> {
  const matches = matcher(search);
  const keys: KeyLabel[] = [];
  let count = 0;
  const look = (key: unknown): boolean => {
    if (isGone()) return true;
    if (matches !== undefined && !matches(browsed.text(key))) return false;
    if (count >= offset && keys.length < limit) keys.push(browsed.label(key));
    count++;
    return false;
  };
  await browsed.visit(group, look, pause);
  return { keys, matches: count };
}

function matcher(search: string): ((text: string) => boolean) | undefined {
  if (search === '') return undefined;
  if (/[*?]/.test(search)) return compileGlob(search);
  const wanted = search.toLowerCase();
  return (text) => text.toLowerCase().includes(wanted);
}

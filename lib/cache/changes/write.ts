import type { CacheParts } from '../parts/cache-parts.js';
import { FencedWriting } from './fenced-writing.js';
import { OwnPut } from './own-put.js';
import { entryOf, groupsOf, type Write } from './prepared-entry.js';
import { isPermitted } from './writing.js';

/**
 * The only way into a tier, and it refuses what its fence does not permit. Returns whether the fence permitted it: at once
 * where only memory is written, else as a promise. A weigher or `groups` function that throws does so before anything
 * changed.
 *
 * The most shared tier is written first: what it refuses, because another node changed the key, goes nowhere. Memory is
 * last, and asks its own fence again, since this node may have heard of a change meanwhile.
 */
export function write<K, V>(parts: CacheParts<K, V>, write: Write<K, V>): boolean | Promise<boolean> {
  const { store, lower } = parts;
  const { index, call, cause } = write;
  const groups = groupsOf(parts, write);
  if (!isPermitted(parts, write, groups)) return false;
  const prepared = entryOf(parts, write);
  // Before a tier is told: a weigher may throw.
  const isWeighedLater = lower === undefined || cause === 'demote';
  const weight = isWeighedLater ? call.weight : (call.weight ?? store.weigh(index, prepared.entry));
  const writing =
    write.shared === 'newest'
      ? new OwnPut(parts, write, groups, prepared, weight)
      : new FencedWriting(parts, write, write.shared, groups, prepared, weight);
  return writing.begin();
}

import type { BoundedStore } from './bounded-store.js';

/**
 * The most entries that a single removal moves to give memory back: about two milliseconds, the first time included, when
 * nothing of it is compiled.
 */
export const MOST_MOVES = 1 << 9;

/** What of a store has to follow an entry that gets another slot. */
type Movable = Pick<
  BoundedStore<unknown, unknown>,
  'slots' | 'index' | 'groups' | 'lifetimes' | 'weights' | 'policy' | 'watchers'
>;

/**
 * Gives memory back when far fewer entries are left than there were, and says whether it did. At most `mostMoves` of them
 * are moved, so that it blocks no longer than a few milliseconds where the caller has done little.
 */
export function compact(
  { slots, index, groups, lifetimes, weights, policy, watchers }: Movable,
  mostMoves: number,
): boolean {
  if (policy.onMove === undefined || !slots.isSparse || slots.size > mostMoves) return false;
  slots.compact([...policy.slots()], (from, to) => {
    index.move(from, to);
    if (groups.size > 0) groups.move(from, to);
    if (lifetimes.inUse) lifetimes.move(from, to);
    weights?.move(from, to);
    policy.onMove?.(from, to);
    watchers.moved(from, to);
  });
  lifetimes.shrink();
  weights?.shrink();
  policy.shrink?.(slots.capacity);
  return true;
}

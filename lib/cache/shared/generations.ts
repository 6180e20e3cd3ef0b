/*
 * The generations of one cache, by the names that tiers know them by.
 *
 * A group that a loader names while it runs was unknown when the load began, so its token could not be taken before.
 * For those there is ANY_GROUP, which every group invalidation renews first: a load that finds it unchanged after it has
 * read the late group's token knows that no group was invalidated meanwhile. The order makes that sound: invalidations
 * renew ANY_GROUP and then the group; loads read the group and then ANY_GROUP. A new group token is therefore never seen
 * without a new ANY_GROUP.
 */

/** Renewed by `clear()`; every entry records it. */
export const WHOLE = '';
/** Renewed by every invalidation of a group, before the group's own; never recorded. */
export const ANY_GROUP = '*';
const GROUP_MARK = ':';
const NONE: readonly string[] = [];

export function generationOf(group: string): string {
  return GROUP_MARK + group;
}

/** The groups among the generations that an entry recorded. */
export function groupsAmong(generations: readonly (readonly [name: string, token: string])[]): readonly string[] {
  // That of the whole cache is in every entry.
  if (generations.length === 1) return NONE;
  return generations.flatMap(([name]) => (name.startsWith(GROUP_MARK) ? [name.slice(GROUP_MARK.length)] : []));
}

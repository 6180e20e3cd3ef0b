import { CacheMisuseError } from '../../core/index.js';
import type { CacheParts } from '../parts/cache-parts.js';

/**
 * The keys of one tier below memory, in O(n). Keys that a name does not give back, objects that is, are read for their
 * groups only, and left out: what the tier knows of them is a text.
 */
export async function* keysBelow<K, V>(
  { lower, codec, name: cache }: CacheParts<K, V>,
  group: string | undefined,
  tierName: string,
): AsyncIterable<K> {
  const tier = lower?.tiers.find(({ name }) => name === tierName);
  if (tier === undefined) {
    const names = ['memory', ...(lower?.tiers ?? []).map(({ name }) => name)].join(', ');
    throw new CacheMisuseError(`cache "${cache}" has no tier "${tierName}"; its tiers: ${names}`);
  }
  const seen = new Set<string>();
  for await (const names of tier.names()) {
    const fresh = names.filter((name) => !seen.has(name));
    for (const name of fresh) seen.add(name);
    // A tier lists the keys of running loads too, and entries that were invalidated by a group.
    const hits = await Promise.all(fresh.map((name) => tier.read(name)));
    for (const [at, name] of fresh.entries()) {
      const hit = hits[at];
      const key = codec.key(codec.indexOfName(name));
      if (hit === undefined || key === undefined) continue;
      if (group === undefined || hit.groups.includes(group)) yield key;
    }
  }
}

import { ANY_GROUP, generationOf, WHOLE } from '../shared/generations.js';
import type { SpaceTier, TierFence } from '../shared/space-tier.js';

/** The generations that an entry of these groups records, by the names that its fence took them under. */
export async function generationsFor<V>(
  tier: SpaceTier<V>,
  groups: readonly string[],
  fence: TierFence,
): Promise<ReadonlyMap<string, string> | 'failed' | 'refused'> {
  const names = [WHOLE, ...groups.map(generationOf)];
  const taken = fence.generations;
  const late = names.filter((name) => !taken.has(name));
  const tokens = new Map(taken);
  if (late.length > 0) {
    for (const [name, token] of (await tier.generations(late)) ?? []) tokens.set(name, token);
    // Then, and not together: see generations.ts.
    const any = (await tier.generations([ANY_GROUP]))?.get(ANY_GROUP);
    if (any !== taken.get(ANY_GROUP)) return any === undefined ? 'failed' : 'refused';
  }
  const recorded = names.flatMap((name): [string, string][] => {
    const token = tokens.get(name);
    return token === undefined ? [] : [[name, token]];
  });
  return recorded.length === names.length ? new Map(recorded) : 'failed';
}

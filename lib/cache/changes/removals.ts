import type { RemovalCause } from '../../engine/index.js';
import { emit, type CacheParts } from '../parts/cache-parts.js';
import type { MemoryGovernor } from '../memory/memory-governor.js';
import { keyOf, type StoredEntry } from '../entries/stored-entry.js';
import { write } from './write.js';

/**
 * What memory removes by itself is counted and told; and with `tiering: 'exclusive'` what it evicts is handed down to the
 * tier below, where it lives as long as it would have.
 *
 * Race: the key is changed between the load of its value and its eviction, here or by another node. Its fence was taken
 * before the load and is kept with the entry, so the tier refuses what was changed meanwhile.
 */
export class Removals<K, V> {
  constructor(
    private readonly parts: CacheParts<K, V>,
    private readonly track: (work: Promise<unknown>) => void,
    private readonly governor: Pick<MemoryGovernor, 'isGivingBack'> | undefined,
  ) {}

  happened(index: unknown, entry: StoredEntry<K, V>, cause: RemovalCause): void {
    const { numbers, events, codec } = this.parts;
    if (cause === 'expired') {
      numbers.expirations++;
    } else {
      numbers.evictions[cause]++;
      this.demote(index, entry);
    }
    if (!events.observed) return;
    const told = { key: keyOf(codec, index, entry), value: entry.read(), tier: 'memory' };
    if (cause === 'expired') emit(this.parts, 'expire', told);
    else emit(this.parts, 'evict', { ...told, cause });
  }

  private demote(index: unknown, entry: StoredEntry<K, V>): void {
    const { changes, codec, settings } = this.parts;
    if (entry.demotion === undefined || !entry.isValue) return;
    // On its way down it would take more memory than here, and memory is what there is too little of.
    if (this.governor?.isGivingBack === true) return;
    const { shared, groups } = entry.demotion;
    // To the fastest tier that gave a fence, and no further.
    const to = shared.findIndex((fence) => fence !== undefined);
    if (to < 0) return;
    const demoted = write(this.parts, {
      index,
      key: keyOf(codec, index, entry),
      outcome: { value: entry.original },
      cause: 'demote',
      fence: changes.present(),
      shared: shared.map((fence, level) => (level === to ? fence : undefined)),
      call: settings.call,
      groups,
      demoted: entry,
    });
    // What goes wrong is the tier's trouble, which it tells itself; and the cache's no more, for the entry has gone.
    if (demoted instanceof Promise) this.track(demoted.catch(() => false));
  }
}

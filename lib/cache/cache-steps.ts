import { Arrivals } from './reads/arrivals.js';
import { Batches } from './loads/batches.js';
import { BulkLoads } from './loads/bulk-loads.js';
import type { CacheParts } from './parts/cache-parts.js';
import { Invalidation } from './changes/invalidation.js';
import { leasesOf } from './loads/leases.js';
import { LoadRuns } from './loads/load-runs.js';
import { Loads } from './loads/loads.js';
import { ManyLoads } from './loads/many-loads.js';
import { Probes } from './loads/probes.js';
import { Puts } from './puts.js';
import { Reads } from './reads/reads.js';

/** What a cache does, each in its own file; those that nothing asked for are not there. */
export interface CacheSteps<K, V> {
  readonly reads: Reads<K, V>;
  readonly loads: Loads<K, V>;
  readonly runs: LoadRuns<K, V>;
  readonly probes: Probes<K, V>;
  readonly manyLoads: ManyLoads<K, V>;
  readonly puts: Puts<K, V>;
  readonly invalidation: Invalidation<K, V>;
}

export function stepsOf<K, V>(parts: CacheParts<K, V>): CacheSteps<K, V> {
  const { batched, batchSize = Infinity } = parts.settings;
  const arrivals = new Arrivals(parts);
  const reads = new Reads(parts, arrivals);
  const runs = new LoadRuns(parts);
  const bulkLoads = new BulkLoads(parts, runs);
  const batches = batched ? new Batches(runs, bulkLoads, batchSize) : undefined;
  const invalidation = new Invalidation(parts);
  const loads = new Loads(parts, reads, runs, batches, arrivals, leasesOf(parts));
  return {
    reads,
    loads,
    runs,
    probes: new Probes(parts, reads, runs, loads),
    manyLoads: new ManyLoads(parts, reads, loads, bulkLoads),
    puts: new Puts(parts, reads, loads, runs, arrivals, invalidation),
    invalidation,
  };
}

import { AdaptivePolicy } from './adaptive.js';
import type { PolicyFactory } from './eviction-policy.js';
import { FifoPolicy } from './fifo.js';
import { LfuPolicy } from './lfu.js';
import { LruPolicy } from './lru.js';
import { S3FifoPolicy } from './s3-fifo.js';
import { SievePolicy } from './sieve.js';

/**
 * The policies that have a name: least recently used, least frequently used (with aging), first in first out, W-TinyLFU
 * that adapts itself, SIEVE and S3-FIFO.
 */
export type PolicyName = 'adaptive' | 'lru' | 'lfu' | 'fifo' | 'sieve' | 's3-fifo';

export const BUILT_IN_POLICIES: Readonly<Record<PolicyName, PolicyFactory>> = {
  adaptive: (host) => new AdaptivePolicy(host),
  lru: (host) => new LruPolicy(host),
  lfu: (host) => new LfuPolicy(host),
  fifo: (host) => new FifoPolicy(host),
  sieve: (host) => new SievePolicy(host),
  's3-fifo': (host) => new S3FifoPolicy(host),
};

export const POLICY_NAMES: readonly PolicyName[] = ['adaptive', 'lru', 'lfu', 'fifo', 'sieve', 's3-fifo'];

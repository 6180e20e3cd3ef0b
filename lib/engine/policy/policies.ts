import type { PolicyFactory } from './eviction-policy.js';
import { FifoPolicy } from './fifo.js';
import { LfuPolicy } from './lfu.js';
import { LruPolicy } from './lru.js';

/** The policies that have a name: least recently used, least frequently used (with aging), first in first out. */
export type PolicyName = 'lru' | 'lfu' | 'fifo';

export const BUILT_IN_POLICIES: Readonly<Record<PolicyName, PolicyFactory>> = {
  lru: (host) => new LruPolicy(host),
  lfu: (host) => new LfuPolicy(host),
  fifo: (host) => new FifoPolicy(host),
};

export const POLICY_NAMES: readonly PolicyName[] = ['lru', 'lfu', 'fifo'];

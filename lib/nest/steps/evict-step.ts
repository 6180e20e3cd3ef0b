import type { CacheRegistry, IndexedCache } from '../../cache/index.js';
import type { EvictTarget, UserFunction } from '../operations/operation.js';
import type { Reporter } from './reporter.js';
import type { Arguments } from './addressing.js';
import { requireGroups } from './store-step.js';

/** An eviction whose keys and groups are known: computed before the method ran, done when its time comes. */
export type Eviction = () => Promise<void>;

export interface EvictStepParts {
  /** `@CacheEvict of Class.method`, for messages. */
  readonly label: string;
  /** Absent: a group in every cache of the app. */
  readonly cache: IndexedCache<unknown, unknown> | undefined;
  readonly registry: CacheRegistry;
  readonly condition: UserFunction<unknown> | undefined;
  readonly target: EvictTarget;
  /** The index of a key that is neither null nor undefined. */
  readonly indexOf: (args: Arguments) => unknown;
  readonly reporter: Reporter;
}

/** One `@CacheEvict`. */
export class EvictStep {
  constructor(private readonly parts: EvictStepParts) {}

  /** condition → key: what this call evicts, or `undefined` when nothing. */
  plan(args: Arguments): Eviction | undefined {
    const { condition, label, reporter, cache } = this.parts;
    if (condition !== undefined && !condition(...args)) return undefined;
    const evict = this.eviction(args);
    return async () => {
      try {
        await evict();
      } catch (error) {
        // A cache that fails is not the caller's failure.
        reporter.notEvicted(label, error);
        cache?.report(error);
      }
    };
  }

  private eviction(args: Arguments): () => unknown {
    const { cache, target, registry, indexOf, label } = this.parts;
    switch (target.by) {
      case 'key': {
        const index = indexOf(args);
        return () => cache?.invalidateAt(index);
      }
      case 'group': {
        const given = typeof target.group === 'function' ? target.group(...args) : target.group;
        const groups = requireGroups(label, given);
        return () => Promise.all(groups.map((group) => (cache ?? registry).invalidateGroup(group)));
      }
      case 'matching': {
        const { pattern } = target;
        const matches = typeof pattern === 'function' ? (key: unknown) => pattern(key, ...args) : pattern;
        return () => cache?.invalidateMatching(matches);
      }
      case 'all':
        return () => cache?.clear();
    }
  }
}

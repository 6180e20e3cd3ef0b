import { BYTES_RULE, toBytes, type Clock, type OptionProblems, type Random } from '../../core/index.js';
import { approximateBytes } from '../weight/byte-weigher.js';
import type { Bound } from './bound.js';
import type { StoreGovernance } from './governance.js';
import type { PolicyFactory } from '../policy/eviction-policy.js';
import { BUILT_IN_POLICIES, POLICY_NAMES, type PolicyName } from '../policy/policies.js';
import type { Ear, RemovalListener } from './removal-queue.js';
import type { Weigher } from '../weight/weigher.js';

/** Everything a store needs, checked. */
export interface ResolvedStoreOptions<K, V> {
  readonly bound: Bound<K, V>;
  readonly policy: PolicyFactory;
  readonly clock: Clock;
  readonly random: Random;
  readonly onRemoval: RemovalListener<K, V>;
  /** Told when `onRemoval` causes a removal for each that it is told of. */
  readonly onRunaway?: () => void;
  /** Who bounds it from outside; nobody when it is left out. */
  readonly governance?: StoreGovernance | undefined;
  /** Who listens to removals; always somebody when it is left out. */
  readonly removalsHeard?: Ear;
}

/** The options that say how much is kept, and what goes first. */
export interface BoundOptions<K, V> {
  readonly maxSize?: number;
  readonly maxMemory?: number | string;
  readonly maxWeight?: number;
  readonly weigher?: Weigher<V, K>;
  readonly policy?: PolicyName | PolicyFactory;
}

/** What our own structures take per entry: the slot, the links, the index at its usual load. Part of `maxMemory`. */
export const ENTRY_OVERHEAD_BYTES = 48;

/** What holds where the options say nothing. */
interface StoreDefaults {
  readonly maxSize: number;
  readonly policy: PolicyName;
  /** Bytes that the store shares with others: then it is weighed by them, unless it has a weigher of its own. */
  readonly sharedBytes?: number | undefined;
}

/** Resolves the bound and the policy; what is wrong goes to `problems`, and the result is then not to be used. */
export function resolveStoreOptions<K, V>(
  problems: OptionProblems,
  given: BoundOptions<K, V>,
  defaults: StoreDefaults,
): Pick<ResolvedStoreOptions<K, V>, 'bound' | 'policy'> {
  return { bound: resolveBound(problems, given, defaults), policy: resolvePolicy(problems, given, defaults) };
}

function resolveBound<K, V>(
  problems: OptionProblems,
  given: BoundOptions<K, V>,
  { maxSize: defaultMaxSize, sharedBytes }: StoreDefaults,
): Bound<K, V> {
  const { maxMemory, maxWeight } = given;
  const isWeighted = maxMemory !== undefined || maxWeight !== undefined || sharedBytes !== undefined;
  const maxSize = problems.positiveInteger('maxSize', given.maxSize, isWeighted ? Infinity : defaultMaxSize);
  const weigher = problems.function('weigher', given.weigher, undefined);

  if (maxMemory !== undefined) {
    const bytes = toBytes(maxMemory);
    problems.require(bytes !== undefined, 'maxMemory', BYTES_RULE, maxMemory);
    problems.require(maxWeight === undefined, 'maxWeight', 'excludes maxMemory; give one of them', maxWeight);
    problems.require(
      weigher === undefined,
      'weigher',
      'needs maxWeight; maxMemory has a weigher of its own',
      given.weigher,
    );
    return { kind: 'memory', maxSize, maxWeight: bytes ?? 1, weigher: entryBytes };
  }
  if (maxWeight !== undefined) {
    const isWeight = typeof maxWeight === 'number' && maxWeight > 0 && maxWeight < Infinity;
    problems.require(isWeight, 'maxWeight', 'must be a finite number above 0', maxWeight);
    problems.require(
      given.weigher !== undefined,
      'weigher',
      'is needed by maxWeight: (value, key) => number',
      given.weigher,
    );
    return { kind: 'weight', maxSize, maxWeight, weigher: weigher ?? entryBytes };
  }
  problems.require(given.weigher === undefined, 'weigher', 'needs maxWeight', given.weigher);
  if (sharedBytes !== undefined) return { kind: 'memory', maxSize, maxWeight: sharedBytes, weigher: entryBytes };
  return { kind: 'size', maxSize };
}

function resolvePolicy<K, V>(
  problems: OptionProblems,
  given: BoundOptions<K, V>,
  defaults: { readonly policy: PolicyName },
): PolicyFactory {
  if (typeof given.policy === 'function') return given.policy;
  const isKnown = given.policy === undefined || POLICY_NAMES.includes(given.policy);
  problems.require(
    isKnown,
    'policy',
    `must be one of ${POLICY_NAMES.join(', ')}, or a function that makes one`,
    given.policy,
  );
  return BUILT_IN_POLICIES[isKnown ? (given.policy ?? defaults.policy) : defaults.policy];
}

function entryBytes(value: unknown, key: unknown): number {
  return approximateBytes(key) + approximateBytes(value) + ENTRY_OVERHEAD_BYTES;
}

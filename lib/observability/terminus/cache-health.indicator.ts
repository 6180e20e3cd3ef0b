import { Inject, Injectable, Optional } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { CacheRegistry, type BusStats, type CacheStats, type TierStats } from '../../cache/index.js';
import { OptionProblems } from '../../core/index.js';
import { requireRegistry } from '../module/index.js';

/** What a health check looks at. */
export interface CacheHealthOptions {
  /** The names of the caches that matter. @defaultValue all */
  readonly caches?: readonly string[];
  /** Degraded when more changes than that wait for a tier. @defaultValue 1,000 */
  readonly maxRecoveryQueue?: number;
}

/** How a tier is, for all caches that were looked at. */
export interface TierHealth {
  readonly breaker: NonNullable<TierStats['breaker']>;
  /** Changes that wait until it takes them. */
  readonly recoveryQueue: number;
}

/** How a bus is. */
export type BusHealth = Pick<BusStats, 'trusted' | 'nodes' | 'waiting'>;

/** What the check tells beside its status. */
export interface CacheHealth {
  /** By their names; where caches have different tiers of one name, the worst of them. */
  readonly tiers: Readonly<Record<string, TierHealth>>;
  readonly buses: Readonly<Record<string, BusHealth>>;
  /** What is wrong, one sentence each. */
  readonly problems: readonly string[];
}

const WORSE = ['closed', 'half-open', 'open'] as const;

/**
 * The health of the caches, for Terminus: `up`, or `degraded` while a breaker is not closed, the bus cannot be trusted or
 * too many changes wait for a tier. Never `down`: an app whose shared tier is away still answers, from memory and from
 * its loaders, and is not to be restarted for it. Terminus 11 knows no `degraded`: there it is `up`, with the problems.
 */
@Injectable()
export class CacheHealthIndicator {
  private readonly caches: CacheRegistry;

  constructor(
    @Optional() @Inject(CacheRegistry) caches: CacheRegistry | undefined,
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
  ) {
    this.caches = requireRegistry('CacheHealthModule', caches);
  }

  /** @param key what the result stands under in the answer */
  check<const Key extends string>(key: Key, options: CacheHealthOptions = {}): HealthIndicatorResult<Key> {
    const { names, maxRecoveryQueue } = this.resolve(key, options);
    const stats = names.map((name) => this.caches.get(name).stats());
    const tiers = worstTiers(stats);
    const buses = Object.fromEntries(
      stats.flatMap(({ bus }) => (bus === undefined ? [] : [[bus.name, healthOf(bus)]])),
    );
    const problems = [
      ...Object.entries(tiers).flatMap(([name, tier]) => problemsOfTier(name, tier, maxRecoveryQueue)),
      ...Object.entries(buses).flatMap(([name, { trusted }]) =>
        trusted ? [] : [`bus "${name}" does not hear the other nodes: memory is kept for three seconds at most`],
      ),
    ];
    const session = this.indicators.check(key);
    const health = { tiers, buses, problems };
    return problems.length === 0 || !('degraded' in session) ? session.up(health) : session.degraded(health);
  }

  private resolve(key: unknown, options: CacheHealthOptions) {
    const problems = new OptionProblems('CacheHealthIndicator.check()');
    problems.require(typeof key === 'string' && key !== '', 'key', 'must be a text that is not empty', key);
    problems.requireObject('options', options);
    problems.refuseUnknown(options, ['caches', 'maxRecoveryQueue']);
    const existing = this.caches.names();
    const { caches = existing, maxRecoveryQueue = 1_000 } = options;
    const known = existing.length === 0 ? 'this app has none' : `this app has ${existing.join(', ')}`;
    const isKnown = (name: unknown): boolean => existing.includes(name as string);
    problems.requireEach('caches', `must be a list of names of caches; ${known}`, caches, isKnown);
    const isNumber = typeof maxRecoveryQueue === 'number' && maxRecoveryQueue >= 0;
    problems.require(isNumber, 'maxRecoveryQueue', 'must be 0 or more', maxRecoveryQueue);
    problems.throwIfAny();
    return { names: caches, maxRecoveryQueue };
  }
}

function worstTiers(stats: readonly Pick<Partial<CacheStats>, 'tiers'>[]): Record<string, TierHealth> {
  const worst = new Map<string, TierHealth>();
  for (const [name, { breaker, recoveryQueue = 0 }] of stats.flatMap(({ tiers = {} }) => Object.entries(tiers))) {
    if (breaker === undefined) continue;
    const known = worst.get(name);
    const isWorse = known === undefined || WORSE.indexOf(breaker) > WORSE.indexOf(known.breaker);
    worst.set(name, {
      breaker: isWorse ? breaker : known.breaker,
      recoveryQueue: (known?.recoveryQueue ?? 0) + recoveryQueue,
    });
  }
  return Object.fromEntries(worst);
}

function healthOf({ trusted, nodes, waiting }: BusStats): BusHealth {
  return { trusted, nodes, waiting };
}

function problemsOfTier(name: string, { breaker, recoveryQueue }: TierHealth, most: number): string[] {
  const problems: string[] = [];
  if (breaker === 'open') problems.push(`tier "${name}" failed too often and is not called for a while`);
  if (breaker === 'half-open') problems.push(`tier "${name}" is being tried again`);
  if (recoveryQueue > most) problems.push(`${recoveryQueue} changes wait until tier "${name}" takes them`);
  return problems;
}

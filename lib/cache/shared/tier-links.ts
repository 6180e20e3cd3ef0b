import { nextTick } from 'node:process';
import { Emitter, type Clock, type Random } from '../../core/index.js';
import { BusLink, GuardedTier, RecoveryQueue } from '../../resilience/index.js';
import type { Bus, Tier } from '../../tiers/index.js';

/** An application's way to one tier: guarded, with what it could not take yet. */
export interface TierLink {
  readonly guarded: GuardedTier;
  readonly recovery: RecoveryQueue;
  /** Hears each time that what was kept has been done. */
  onRecovered(listener: () => void): () => void;
  /** Hears of trouble that belongs to no call. */
  onTrouble(listener: (error: unknown) => void): () => void;
}

/**
 * A tier or a bus has failed, whichever cache it serves: its connection ended or does not open; or a tier is not asked for
 * a while, since its calls failed; or nothing is heard on a bus.
 */
export interface LinkNews {
  readonly link: 'tier' | 'bus';
  readonly name: string;
  readonly error: unknown;
}

/** An application's ways to its tiers and buses: one to each, whatever the number of its caches. */
export class TierLinks {
  readonly news = new Emitter<LinkNews>();
  private readonly tiers = new Map<Tier, OwnTierLink>();
  private readonly buses = new Map<Bus, BusLink>();

  constructor(private readonly ports: { readonly clock: Clock; readonly random: Random }) {}

  /** Starts the tier when it is asked for first. */
  tier(tier: Tier): TierLink {
    let link = this.tiers.get(tier);
    if (link === undefined) {
      this.tiers.set(tier, (link = new OwnTierLink(tier, this.ports)));
      this.watchTier(link);
    }
    return link;
  }

  /** Starts the bus when it is asked for first. */
  bus(bus: Bus, channel: string): BusLink {
    let link = this.buses.get(bus);
    if (link === undefined) {
      this.buses.set(bus, (link = new BusLink(bus, channel, { ...this.ports, afterTurn: nextTick })));
      this.watchBus(link);
    }
    return link;
  }

  /** Loads the packages that the tiers and buses of these caches need; rejects with what to install. */
  async loadPackages(): Promise<void> {
    await Promise.all([...this.tiers.keys(), ...this.buses.keys()].map((each) => each.loadPackage?.()));
  }

  /** Tells the other nodes that this one leaves, and ends what was opened. Never rejects. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.buses.values()].map((link) => link.close()));
    await Promise.allSettled([...this.tiers.values()].map((link) => link.close()));
  }

  private watchTier(link: TierLink): void {
    const of = { link: 'tier', name: link.guarded.name } as const;
    link.onTrouble((error) => this.news.emit({ ...of, error }));
    link.guarded.onBreaker((state, error) => {
      if (state === 'open') this.news.emit({ ...of, error });
    });
  }

  private watchBus({ name, failures }: BusLink): void {
    failures.subscribe((error) => this.news.emit({ link: 'bus', name, error }));
  }
}

class OwnTierLink implements TierLink {
  readonly guarded: GuardedTier;
  readonly recovery: RecoveryQueue;
  private readonly recovered = new Set<() => void>();
  private readonly troubled = new Set<(error: unknown) => void>();

  constructor(tier: Tier, ports: { readonly clock: Clock; readonly random: Random }) {
    this.guarded = new GuardedTier(tier, ports);
    this.recovery = new RecoveryQueue(this.guarded, {
      ...ports,
      onReplayed: () => {
        for (const listener of this.recovered) listener();
      },
    });
    tier.start((error) => {
      for (const listener of this.troubled) listener(error);
    });
  }

  onRecovered(listener: () => void): () => void {
    this.recovered.add(listener);
    return () => this.recovered.delete(listener);
  }

  onTrouble(listener: (error: unknown) => void): () => void {
    this.troubled.add(listener);
    return () => this.troubled.delete(listener);
  }

  async close(): Promise<void> {
    this.recovery.close();
    await this.guarded.close();
  }
}

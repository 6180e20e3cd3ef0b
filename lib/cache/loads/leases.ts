import type { Cancel } from '../../core/index.js';
import type { Flight } from '../../resilience/index.js';
import type { CacheParts } from '../parts/cache-parts.js';
import type { CallSettings } from '../settings/call-settings.js';
import type { SpaceTier } from '../shared/space-tier.js';

/** How long a lease lasts when its holder is gone. */
export const LEASE_MS = 5_000;
/** A holder that loads on renews it so often. */
const RENEW_MS = 1_500;
/** How long a node waits before it looks again whether the holder has stored something: at first, and at most. */
const FIRST_LOOK_MS = 10;
const LAST_LOOK_MS = 200;

/**
 * One load of a key for all nodes (`lock`): who takes the key's lease loads, the others wait for what it stores.
 *
 * The lease is renewed while its load runs and given back when the flight has ended, stored or failed. A holder that
 * dies leaves it to its end; then another node takes it. A tier that cannot be asked gives no lease, and the node loads
 * for itself: a load too many is better than none.
 */
export class Leases<K, V> {
  private readonly holder: string;

  constructor(
    private readonly parts: CacheParts<K, V>,
    /** The last tier that has leases: the most shared one. */
    private readonly tier: SpaceTier<V>,
  ) {
    this.holder = `${parts.random()}`.slice(2);
  }

  /**
   * Waits until this node may load, or another has stored: then what `look` finds. Settles within `loadTimeout.hold`,
   * and then the node loads without a lease.
   */
  async take<A>(flight: Flight<K, V>, call: CallSettings, look: () => Promise<A | undefined>): Promise<A | undefined> {
    const { clock, codec, random } = this.parts;
    const name = codec.nameOf(flight.index);
    if (name === undefined) return undefined;
    const untilMs = clock.now() + call.holdMs;
    for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(waitMs * 2, LAST_LOOK_MS)) {
      const attempt = await this.tier.lease(name, this.holder, LEASE_MS);
      // Looked at again in any case: the holder before may have stored between the last look and the lease.
      const found = await look();
      if (attempt.ok && attempt.value) this.hold(name, flight);
      if (found !== undefined || !attempt.ok || attempt.value || clock.now() >= untilMs) return found;
      // Not all at once, half of the time at least.
      const pauseMs = waitMs * (0.5 + 0.5 * random());
      await new Promise<void>((resolve) => void clock.after(pauseMs, resolve));
    }
  }

  /** Renews the lease until the flight has ended, and gives it back. */
  private hold(name: string, flight: Flight<K, V>): void {
    const { clock } = this.parts;
    let cancel: Cancel;
    const release = (): void => {
      cancel();
      void this.tier.release(name, this.holder);
    };
    const renew = (): void => {
      cancel = clock.after(RENEW_MS, renew);
      // A load that was given up may never end.
      if (flight.abandoned) release();
      else void this.tier.lease(name, this.holder, LEASE_MS);
    };
    cancel = clock.after(RENEW_MS, renew);
    flight.promise.then(release, release);
  }
}

/** Absent where no tier has leases. */
export function leasesOf<K, V>(parts: CacheParts<K, V>): Leases<K, V> | undefined {
  const tier = parts.lower?.tiers.findLast(({ capabilities }) => capabilities.leases);
  return tier === undefined ? undefined : new Leases(parts, tier);
}

import type { Cancel, Clock } from '../../core/index.js';
import type { SpaceTier } from '../shared/space-tier.js';

/** How long the lease lasts when its holder is gone. */
const LEASE_MS = 30_000;
const RENEW_MS = 10_000;
/** After a warming that is not repeated by interval the others stay away for so long: their clocks, and their starts, differ. */
const KEPT_MS = 30_000;

/** Makes sure that one node of many warms: whoever takes the lease does, and keeps it until shortly before the next time. */
export class WarmLease {
  private readonly name: string;
  private cancelRenewal: Cancel = () => {};
  /** Of the present warming. */
  private onLost: (() => void) | undefined;

  /** @param label what is warmed: one lease for each */
  constructor(
    private readonly tier: Pick<SpaceTier<unknown>, 'lease' | 'release'>,
    private readonly holder: string,
    label: string,
    private readonly clock: Clock,
  ) {
    // No key of a cache is called so: see key-name.ts.
    this.name = `#warm:${label}`;
  }

  /**
   * Whether this node is to warm: also where the tier cannot be asked.
   *
   * @param onLost called when another node has the lease while this one warms: it could not be renewed in time
   */
  async take(onLost: () => void): Promise<boolean> {
    const attempt = await this.tier.lease(this.name, this.holder, LEASE_MS);
    if (attempt.ok && !attempt.value) return false;
    this.onLost = onLost;
    this.renew(onLost);
    return true;
  }

  /** Renews it no more: it ends by itself, if nobody gives it back before. */
  letGo(): void {
    this.cancelRenewal();
    this.onLost = undefined;
  }

  /** It has been warmed, or not: then the next node may. */
  async end(isWarm: boolean, everyMs: number): Promise<void> {
    this.letGo();
    if (!isWarm) await this.tier.release(this.name, this.holder);
    else await this.tier.lease(this.name, this.holder, everyMs === Infinity ? KEPT_MS : everyMs * 0.9);
  }

  private renew(onLost: () => void): void {
    this.cancelRenewal = this.clock.after(RENEW_MS, () => {
      this.renew(onLost);
      void this.tier.lease(this.name, this.holder, LEASE_MS).then((attempt) => {
        if (!attempt.ok || attempt.value || this.onLost !== onLost) return;
        this.letGo();
        onLost();
      });
    });
  }
}

import { digestOf } from './digest.js';
import { LEASE_FLAGS, leaseSeconds } from './item-life.js';
import type { MetaReply } from './meta-replies.js';
import { getValue, remove, set, type MetaRequest, type SetCondition } from './meta-requests.js';
import type { ServerPool } from './server-pool.js';

/**
 * Leases: an item that names its holder, added to be taken. It is renewed and given back as the item that was seen, by its
 * CAS and in the run of the server in which it was seen: meanwhile it may have ended and be another's.
 */
export class LeaseItems {
  constructor(private readonly pool: ServerPool) {}

  async take(key: string, holder: string, ttlMs: number): Promise<boolean> {
    const bytes = bytesOf(holder);
    const lease = (condition: SetCondition): MetaRequest =>
      set(key, { bytes, clientFlags: LEASE_FLAGS, seconds: leaseSeconds(ttlMs), condition });
    if ((await this.ask(lease('absent'))).code === 'HD') return true;
    const cas = await this.casIfHeld(key, bytes);
    return cas !== undefined && (await this.ask(lease({ cas }))).code === 'HD';
  }

  async release(key: string, holder: string): Promise<void> {
    const cas = await this.casIfHeld(key, bytesOf(holder));
    if (cas !== undefined) await this.ask(remove(key, cas));
  }

  /** Undefined when somebody else holds it, or nobody, or when the server may be in another run by now. */
  private async casIfHeld(key: string, holder: Buffer): Promise<string | undefined> {
    const epoch = this.pool.epochOf(key);
    const { cas, clientFlags, value } = await this.ask(getValue(key));
    if (epoch === undefined || epoch !== this.pool.epochOf(key)) return undefined;
    return clientFlags === LEASE_FLAGS && value !== undefined && holder.equals(value) ? cas : undefined;
  }

  private async ask(request: MetaRequest): Promise<MetaReply> {
    return (await this.pool.replies([request]))[0] as MetaReply;
  }
}

/** Of one length, whatever the holder is called. */
function bytesOf(holder: string): Buffer {
  return Buffer.from(digestOf(holder));
}

import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/index.js';
import type { TierWrite } from '../../tiers/index.js';
import type { RecordKey, SpaceKeys } from './record-key.js';
import type { RecordTable } from './record-table.js';
import type { Step } from './transaction-queue.js';

/** What can be changed in a space, each as a step of a transaction; `tell` is called with its outcome before it commits. */
export class Changes {
  constructor(
    private readonly table: RecordTable,
    private readonly keys: SpaceKeys,
    private readonly clock: Clock,
  ) {}

  /** The fence of a key: the one that is open, made to last for `ttlMs` from now, or a new one. */
  fence(name: string, ttlMs: number, tell: (token: string) => void): Step {
    return this.token(this.keys.fences.of(name), ttlMs, tell);
  }

  generation(name: string, tell: (token: string) => void): Step {
    return this.token(this.keys.generations.of(name), Infinity, tell);
  }

  renew(name: string): Step {
    const key = this.keys.generations.of(name);
    return (slice) => this.table.put(key, { bytes: newToken(), ttlMs: Infinity }, this.clock.epochMs(), slice);
  }

  /** Stores an entry if its fence is open, which that uses up, and without one breaks the fence that is. */
  write({ key: name, bytes, ttlMs, fence }: TierWrite, tell: (isStored: boolean) => void): Step {
    const key = this.keys.entries.of(name);
    const fenceKey = this.keys.fences.of(name);
    return (slice) => {
      const nowMs = this.clock.epochMs();
      if (fence === undefined) this.table.remove(fenceKey.bytes);
      else if (this.table.find(fenceKey, nowMs)?.bytes.toString() !== fence) {
        tell(false);
        return true;
      }
      if (!this.table.put(key, { bytes, ttlMs }, nowMs, slice)) return false;
      if (fence !== undefined) this.table.remove(fenceKey.bytes);
      tell(true);
      return true;
    };
  }

  remove(name: string): Step {
    const key = this.keys.entries.of(name);
    const fenceKey = this.keys.fences.of(name);
    return () => {
      this.table.remove(key.bytes);
      this.table.remove(fenceKey.bytes);
      return true;
    };
  }

  lease(name: string, holder: string, ttlMs: number, tell: (isHeld: boolean) => void): Step {
    const key = this.keys.leases.of(name);
    const bytes = Buffer.from(holder, 'utf16le');
    return (slice) => {
      const nowMs = this.clock.epochMs();
      const current = this.table.find(key, nowMs)?.bytes;
      const isFree = current === undefined || current.equals(bytes);
      if (isFree && !this.table.put(key, { bytes, ttlMs }, nowMs, slice)) return false;
      tell(isFree);
      return true;
    };
  }

  release(name: string, holder: string): Step {
    const key = this.keys.leases.of(name);
    const bytes = Buffer.from(holder, 'utf16le');
    return () => {
      if (this.table.find(key, this.clock.epochMs())?.bytes.equals(bytes)) this.table.remove(key.bytes);
      return true;
    };
  }

  private token(key: RecordKey, ttlMs: number, tell: (token: string) => void): Step {
    return (slice) => {
      const nowMs = this.clock.epochMs();
      const current = this.table.find(key, nowMs);
      const token = current?.bytes ?? newToken();
      const lasts = current !== undefined && current.ttlLeftMs >= ttlMs;
      if (!lasts && !this.table.put(key, { bytes: token, ttlMs }, nowMs, slice)) return false;
      tell(token.toString());
      return true;
    };
  }
}

/** 64 random bits, as text that any tier can hold. */
function newToken(): Buffer {
  return Buffer.from(randomBytes(8).toString('hex'));
}

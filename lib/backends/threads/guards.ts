import { randomFillSync } from 'node:crypto';
import type { RecordTable } from './record-table.js';
import type { RecordName } from './record-name.js';
import { FENCE, GENERATION, LEASE, type Kind } from './slots.js';

const TOKEN_BYTES = 8;
const POOLED_TOKENS = 64;

/** Fences, generations and leases, as records beside the entries: of the same bound, in the same buckets, under the same locks. */
export class Guards {
  private readonly tokens = Buffer.alloc(TOKEN_BYTES * POOLED_TOKENS);
  private tokenAt = this.tokens.length;

  constructor(
    private readonly table: RecordTable,
    private readonly fill: (target: Buffer) => unknown = randomFillSync,
  ) {}

  /** The fence of a key: the one that is open, made to last for `ttlMs` from now, or a new one. */
  fence(name: RecordName, ttlMs: number, nowMs: number): string {
    const untilMs = nowMs + ttlMs;
    for (;;) {
      const open = this.table.read(FENCE, name, nowMs);
      if (open !== undefined && open.expiresAtMs >= untilMs) return textOf(open.bytes);
      const token = open?.bytes ?? this.newToken();
      const isSame = (): boolean => textOf(this.table.ownValue(FENCE, name, nowMs)) === textOf(open?.bytes);
      const outcome = this.replace(FENCE, name, token, untilMs, nowMs, isSame);
      // Without room it is as good as lost.
      if (outcome !== 'refused') return textOf(token);
    }
  }

  /** Whether a write with this fence is permitted; asked under the lock of its bucket. */
  permits(name: RecordName, fence: string, nowMs: number): boolean {
    const open = this.table.ownValue(FENCE, name, nowMs);
    return open !== undefined && textOf(open) === fence;
  }

  generation(name: RecordName, nowMs: number): string | undefined {
    const token = this.table.value(GENERATION, name, nowMs);
    return token && textOf(token);
  }

  /** The token of a generation, created where there is none. */
  generationOrNew(name: RecordName, nowMs: number): string {
    for (;;) {
      const current = this.generation(name, nowMs);
      if (current !== undefined) return current;
      const token = this.newToken();
      const isAbsent = (): boolean => this.table.ownValue(GENERATION, name, nowMs) === undefined;
      if (this.replace(GENERATION, name, token, Infinity, nowMs, isAbsent) !== 'refused') return textOf(token);
    }
  }

  /** Without room for another token there is none, which is another one as well. */
  renew(name: RecordName, nowMs: number): void {
    this.replace(GENERATION, name, this.newToken(), Infinity, nowMs);
  }

  lease(name: RecordName, holder: string, ttlMs: number, nowMs: number): boolean {
    const bytes = Buffer.from(holder, 'utf16le');
    const isFree = (current: Uint8Array | undefined): boolean => current === undefined || bytes.equals(current);
    if (!isFree(this.table.value(LEASE, name, nowMs))) return false;
    const permits = (): boolean => isFree(this.table.ownValue(LEASE, name, nowMs));
    // Where there is no room for a lease, nobody holds one: whoever asks may go on.
    return this.replace(LEASE, name, bytes, nowMs + ttlMs, nowMs, permits) !== 'refused';
  }

  release(name: RecordName, holder: string, nowMs: number): void {
    const bytes = Buffer.from(holder, 'utf16le');
    const permits = (): boolean => {
      const current = this.table.ownValue(LEASE, name, nowMs);
      return current !== undefined && bytes.equals(current);
    };
    this.table.change(name, { unlinked: [LEASE], permits }, nowMs);
  }

  private replace(
    kind: Kind,
    name: RecordName,
    value: Uint8Array,
    untilMs: number,
    nowMs: number,
    permits: () => boolean = () => true,
  ): 'done' | 'refused' | 'no room' {
    const block = this.table.prepare(kind, name, value, untilMs, nowMs);
    let isPermitted = true;
    const asked = (): boolean => (isPermitted = permits());
    const linked = block && { kind, block };
    const isDone = this.table.change(name, { unlinked: [kind], linked, permits: asked }, nowMs);
    if (!isPermitted) return 'refused';
    return isDone && block !== undefined ? 'done' : 'no room';
  }

  /** 64 random bits. */
  private newToken(): Buffer {
    if (this.tokenAt === this.tokens.length) {
      this.fill(this.tokens);
      this.tokenAt = 0;
    }
    const token = Buffer.from(this.tokens.subarray(this.tokenAt, this.tokenAt + TOKEN_BYTES));
    this.tokenAt += TOKEN_BYTES;
    return token;
  }
}

function textOf(token: Uint8Array | undefined): string {
  return token === undefined ? '' : Buffer.from(token.buffer, token.byteOffset, token.length).toString('hex');
}

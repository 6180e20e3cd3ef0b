/** More than that between two sweeps are not remembered. */
const MAX_REMEMBERED = 8_192;

/** A record that was read, or met, since the last sweep. */
export interface SeenRecord {
  readonly key: Buffer;
  readonly id: number;
}

/**
 * What this process read since it last wrote that down, for {@link RecordTable}: a read only adds to this, and one
 * transaction at each sweep tells the other processes. What is forgotten costs a record its second chance, no more.
 */
export class RecentReads {
  private read = new Map<number, Buffer>();
  private found = new Map<number, Buffer>();

  add(key: Buffer, id: number): void {
    if (this.read.size < MAX_REMEMBERED) this.read.set(id, key);
  }

  /** A record that no read will ever return, and that no index leads to. */
  unusable(key: Buffer, id: number): void {
    if (this.found.size < MAX_REMEMBERED) this.found.set(id, key);
  }

  /** Whether it was read; asked once. */
  take(id: number): boolean {
    return this.read.delete(id);
  }

  /** Hands over everything, and forgets it. */
  takeAll(): { readonly read: readonly SeenRecord[]; readonly unusable: readonly SeenRecord[] } {
    const all = { read: listed(this.read), unusable: listed(this.found) };
    this.read = new Map();
    this.found = new Map();
    return all;
  }
}

function listed(records: ReadonlyMap<number, Buffer>): SeenRecord[] {
  return [...records].map(([id, key]) => ({ id, key }));
}

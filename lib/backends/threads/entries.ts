import type { Block } from './claims.js';
import { Guards } from './guards.js';
import type { RecordName } from './record-name.js';
import type { RecordTable } from './record-table.js';
import { ENTRY, FENCE } from './slots.js';

/** Writing and removing entries, each in one step with what their fences say. */
export class Entries {
  constructor(
    readonly table: RecordTable,
    readonly guards: Guards = new Guards(table),
  ) {}

  /** Stores an entry, as {@link link} does with its block. */
  write(name: RecordName, bytes: Uint8Array, ttlMs: number, fence: string | undefined, nowMs: number): boolean {
    return this.link(name, this.table.prepare(ENTRY, name, bytes, nowMs + ttlMs, nowMs), fence, nowMs);
  }

  /**
   * Lets the block be the entry of a name, if its fence permits that. What is stored uses the fence up, and without one
   * breaks the one that is open.
   * Without a block, since there was no room, the entry is evicted as soon as it is stored: what was there before is gone.
   */
  link(name: RecordName, block: Block | undefined, fence: string | undefined, nowMs: number): boolean {
    const { table, guards } = this;
    let isPermitted = true;
    const permits = (): boolean => {
      isPermitted = fence === undefined || guards.permits(name, fence, nowMs);
      return isPermitted;
    };
    const isLinked = table.change(
      name,
      { unlinked: [FENCE, ENTRY], linked: block && { kind: ENTRY, block }, permits },
      nowMs,
    );
    return isPermitted && (isLinked || fence === undefined);
  }

  /** Removes an entry and breaks its fence. */
  remove(name: RecordName, nowMs: number): void {
    this.table.change(name, { unlinked: [FENCE, ENTRY] }, nowMs);
  }
}

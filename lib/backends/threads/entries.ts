import { Guards } from './guards.js';
import type { RecordName } from './record-name.js';
import type { RecordTable } from './record-table.js';
import { ENTRY, FENCE } from './slots.js';

/** Writing and removing entries, each in one step with what their fences say. */
export class Entries {
  readonly guards: Guards;

  constructor(readonly table: RecordTable) {
    this.guards = new Guards(table);
  }

  /**
   * Stores an entry, if its fence permits it; a write without one breaks the fence that is open. An entry for which there is
   * no room is evicted as soon as it is stored: what was there before is gone, too.
   */
  write(name: RecordName, bytes: Uint8Array, ttlMs: number, fence: string | undefined, nowMs: number): boolean {
    const { table, guards } = this;
    const unlinked = fence === undefined ? ([FENCE, ENTRY] as const) : ([ENTRY] as const);
    let isPermitted = true;
    const permits = (): boolean => {
      isPermitted = fence === undefined || guards.permits(name, fence, nowMs);
      return isPermitted;
    };
    const block = table.prepare(ENTRY, name, bytes, nowMs + ttlMs, nowMs);
    const isLinked = table.change(name, { unlinked, linked: block && { kind: ENTRY, block }, permits }, nowMs);
    return isPermitted && (isLinked || fence === undefined);
  }

  /** Removes an entry and breaks its fence. */
  remove(name: RecordName, nowMs: number): void {
    this.table.change(name, { unlinked: [FENCE, ENTRY] }, nowMs);
  }
}

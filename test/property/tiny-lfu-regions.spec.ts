import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { GhostTable, TICK_BITS, TICK_MASK, UNKNOWN } from '../../lib/engine/policy/ghost-table.js';
import { assertRegions } from '../../lib/engine/policy/region-structure.js';
import { TinyLfuRegions } from '../../lib/engine/policy/tiny-lfu-regions.js';
import { SlotList } from '../../lib/engine/slots/slot-list.js';
import { SlotTable } from '../../lib/engine/slots/slot-table.js';

const CAPACITY = 16;
/** Who is requested more often is warm, and may be let in by chance. */
const MOST_REQUESTS = 5;

interface ModelEntry {
  readonly key: number;
  lastUse: number;
  frequency: number;
  readonly reuse: number;
}

/** The regions as three arrays; time is counted in insertions. The ghosts are the real ones, which have tests of their own. */
class RegionsModel {
  private window: ModelEntry[] = [];
  private probation: ModelEntry[] = [];
  private guarded: ModelEntry[] = [];
  private ghost: GhostTable | undefined;
  private now = 0;

  constructor(private windowTarget: number) {}

  insert(key: number): void {
    this.now++;
    const known = this.ghost?.take(key) ?? UNKNOWN;
    const reuse = known === UNKNOWN ? Infinity : this.now - (known & TICK_MASK);
    const frequency = known === UNKNOWN ? 1 : (known >> TICK_BITS) + 1;
    this.window.push({ key, lastUse: this.now, frequency, reuse });
    for (let moves = 0; moves < 8 && this.window.length > this.windowTarget; moves++) {
      if (this.probation.length + this.guarded.length + 1 > CAPACITY - this.windowTarget) return;
      this.probation.push(this.window.shift()!);
    }
  }

  access(key: number): void {
    for (const region of [this.window, this.probation, this.guarded]) {
      const at = region.findIndex((each) => each.key === key);
      if (at < 0) continue;
      const [entry] = region.splice(at, 1);
      entry!.lastUse = this.now;
      entry!.frequency++;
      (region === this.window ? this.window : this.guarded).push(entry!);
      if (region === this.probation) this.demote();
      return;
    }
  }

  remove(key: number): void {
    const isOther = (each: ModelEntry): boolean => each.key !== key;
    const gone = [...this.window, ...this.probation, ...this.guarded].find((each) => !isOther(each))!;
    this.window = this.window.filter(isOther);
    this.probation = this.probation.filter(isOther);
    this.guarded = this.guarded.filter(isOther);
    this.ghost?.add(key, (gone.frequency << TICK_BITS) | gone.lastUse);
  }

  /** Who has to leave; a candidate that wins moves on. */
  evict(): number {
    this.ghost ??= new GhostTable(CAPACITY * 2);
    const candidate = this.window[0];
    const victim = this.probation[0] ?? this.guarded[0];
    const isContested = candidate !== undefined && this.window.length >= this.windowTarget;
    if (victim === undefined || (isContested && !this.wins(candidate, victim))) {
      this.remove(candidate!.key);
      return candidate!.key;
    }
    this.remove(victim.key);
    if (isContested) this.probation.push(this.window.shift()!);
    return victim.key;
  }

  setWindow(target: number): void {
    this.windowTarget = target;
  }

  private demote(): void {
    const most = Math.round((CAPACITY - this.windowTarget) * 0.8);
    for (let moves = 0; moves < 8 && this.guarded.length > most; moves++) this.probation.push(this.guarded.shift()!);
  }

  private wins(candidate: ModelEntry, victim: ModelEntry): boolean {
    if (candidate.reuse < this.now - victim.lastUse) return true;
    return candidate.frequency > victim.frequency;
  }
}

const step = fc.oneof(
  { weight: 60, arbitrary: fc.record({ do: fc.constant('request' as const), key: fc.nat({ max: 60 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('remove' as const), key: fc.nat({ max: 60 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('window' as const), target: fc.integer({ min: 1, max: 16 }) }) },
);

describe('TinyLfuRegions', () => {
  it('have the victims of a model of arrays', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 50, maxLength: 500 }), (steps) => {
        const requests = new Map<number, number>();
        const table = new SlotTable(() => CAPACITY);
        const slots = new Map<number, number>();
        const host = {
          hashOf: (slot: number) => table.keyOf(slot) as number,
          weightOf: () => 1,
          newList: () => new SlotList(table),
        };
        const size = { maximum: CAPACITY, weighted: false, entries: CAPACITY };
        const regions = new TinyLfuRegions(host, size, 4 / CAPACITY, CAPACITY, 1);
        const model = new RegionsModel(4);
        for (const each of steps) {
          if (each.do === 'window') {
            regions.setWindow(each.target / CAPACITY);
            model.setWindow(each.target);
            continue;
          }
          const found = slots.get(each.key);
          if (each.do === 'remove') {
            if (found === undefined) continue;
            regions.remove(found);
            model.remove(each.key);
            slots.delete(each.key);
            table.release(found);
            continue;
          }
          const count = (requests.get(each.key) ?? 0) + 1;
          if (count > MOST_REQUESTS) continue;
          requests.set(each.key, count);
          if (found !== undefined) {
            regions.access(found);
            model.access(each.key);
            continue;
          }
          if (slots.size === CAPACITY) {
            const victim = regions.nextVictim();
            const key = table.keyOf(victim) as number;
            expect(key).toBe(model.evict());
            regions.evict(victim);
            slots.delete(key);
            table.release(victim);
          }
          const slot = table.allocate(each.key, undefined);
          slots.set(each.key, slot);
          regions.insert(slot, each.key);
          model.insert(each.key);
          assertRegions(regions);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('take what was used within an eighth of a turnover to be in its place', () => {
    const table = new SlotTable(() => 128);
    const host = { hashOf: (slot: number) => slot, weightOf: () => 1, newList: () => new SlotList(table) };
    const regions = new TinyLfuRegions(host, { maximum: 128, weighted: false, entries: 128 }, 0.5, 128, 1);
    const insert = (): number => {
      if (table.isFull) table.grow();
      const slot = table.allocate(table.size, undefined);
      regions.insert(slot, table.size);
      return slot;
    };
    const first = insert();
    for (let later = 0; later <= 128 / 8; later++) {
      expect(regions.isRecent(first)).toBe(true);
      insert();
    }
    expect(regions.isRecent(first)).toBe(false);
    regions.access(first);
    expect(regions.isRecent(first)).toBe(true);
  });

  it('count time so that sixteen turnovers, and less than thirty-two of a large cache, go by before it begins anew', () => {
    for (const entries of [1, 100, 8_191, 8_192, 8_193, 16_384, 16_385, 1_000_000]) {
      const table = new SlotTable(() => entries);
      const host = { hashOf: (slot: number) => slot, weightOf: () => 1, newList: () => new SlotList(table) };
      const regions = new TinyLfuRegions(host, { maximum: entries, weighted: false, entries }, 0.5, 1, 1);
      const turnovers = 2 ** (TICK_BITS + regions.tickBits) / entries;
      expect(turnovers).toBeGreaterThanOrEqual(16);
      if (regions.tickBits > 0) expect(turnovers).toBeLessThan(32);
    }
  });

  it('forget who left only when they get more than twice as large, or less than half', () => {
    const sizes = { 50: true, 49: false, 200: true, 201: false };
    for (const [text, isKept] of Object.entries(sizes)) {
      const table = new SlotTable(() => 100);
      const host = { hashOf: (slot: number) => slot, weightOf: () => 1, newList: () => new SlotList(table) };
      const sizeOf = (entries: number) => ({ maximum: entries, weighted: false, entries });
      const regions = new TinyLfuRegions(host, sizeOf(100), 0.5, 128, 1);
      for (let at = 0; at < 100; at++) {
        if (table.isFull) table.grow();
        regions.insert(table.allocate(at, undefined), at);
      }
      regions.evict(regions.nextVictim());
      const before = regions.bytes;
      regions.resize(sizeOf(Number(text)));
      expect([text, regions.bytes === before]).toEqual([text, isKept]);
    }
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FrequencySketch } from '../../lib/engine/policy/frequency-sketch.js';
import { NEVER_USED, ReuseGhost } from '../../lib/engine/policy/reuse-ghost.js';
import { TinyLfuRegions } from '../../lib/engine/policy/tiny-lfu-regions.js';
import { SlotList } from '../../lib/engine/slot-list.js';
import { SlotTable } from '../../lib/engine/slot-table.js';

const CAPACITY = 16;

interface ModelEntry {
  readonly key: number;
  lastUse: number;
  readonly reuse: number;
}

/** The regions as three arrays; time is counted in insertions. The sketch and the ghost are the real ones, which have tests of their own. */
class RegionsModel {
  private window: ModelEntry[] = [];
  private probation: ModelEntry[] = [];
  private guarded: ModelEntry[] = [];
  private ghost: ReuseGhost | undefined;
  private now = 0;

  constructor(
    private readonly sketch: FrequencySketch,
    private windowTarget: number,
  ) {}

  insert(key: number): void {
    this.now++;
    const lastUse = this.ghost?.take(key) ?? NEVER_USED;
    this.window.push({ key, lastUse: this.now, reuse: lastUse === NEVER_USED ? Infinity : this.now - lastUse });
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
    this.ghost?.add(key, gone.lastUse);
  }

  /** Who has to leave; a candidate that wins moves on. */
  evict(): number {
    this.ghost ??= new ReuseGhost(CAPACITY * 0.9);
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
    return this.sketch.estimate(candidate.key) > this.sketch.estimate(victim.key);
  }
}

const step = fc.oneof(
  { weight: 60, arbitrary: fc.record({ do: fc.constant('request' as const), key: fc.nat({ max: 40 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('remove' as const), key: fc.nat({ max: 40 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('window' as const), target: fc.integer({ min: 1, max: 16 }) }) },
);

describe('TinyLfuRegions', () => {
  it('have the victims of a model of arrays', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 50, maxLength: 500 }), (steps) => {
        // The sketch halves what it counted before anyone is warm enough to be let in by chance.
        const sketch = new FrequencySketch(64, 60);
        const table = new SlotTable(() => CAPACITY);
        const slots = new Map<number, number>();
        const host = {
          hashOf: (slot: number) => table.keyOf(slot) as number,
          weightOf: () => 1,
          newList: () => new SlotList(table),
        };
        const size = { maximum: CAPACITY, weighted: false, entries: CAPACITY };
        const regions = new TinyLfuRegions(host, sketch, size, 4 / CAPACITY, CAPACITY, 1);
        const model = new RegionsModel(sketch, 4);
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
          if (sketch.estimate(each.key) < 5) sketch.record(each.key);
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
          regions.insert(slot);
          model.insert(each.key);
          regions.assertStructure();
        }
      }),
      { numRuns: 150 },
    );
  });
});

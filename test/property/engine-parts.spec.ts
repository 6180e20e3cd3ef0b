import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seededRandom } from '../../lib/core/index.js';
import { KeyIndex } from '../../lib/engine/keys/key-index.js';
import { LfuPolicy } from '../../lib/engine/policy/lfu.js';
import type { PolicyHost } from '../../lib/engine/policy/eviction-policy.js';
import { SlotList } from '../../lib/engine/slots/slot-list.js';
import { SlotLists } from '../../lib/engine/slots/slot-lists.js';
import { SlotTable } from '../../lib/engine/slots/slot-table.js';
import { MOVED, NOTHING_DUE, TimerWheel } from '../../lib/engine/time/timer-wheel.js';

describe('KeyIndex', () => {
  it('agrees with a Map, whatever comes and goes', () => {
    const key = fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 0, max: 60 }) },
      { weight: 4, arbitrary: fc.string({ maxLength: 2 }) },
      { weight: 1, arbitrary: fc.string({ minLength: 14, maxLength: 20, unit: 'binary' }) },
      {
        weight: 1,
        arbitrary: fc.oneof(fc.double(), fc.bigInt(), fc.boolean(), fc.constant(null), fc.constant(undefined)),
      },
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), key), { maxLength: 400 }), fc.integer(), (steps, seed) => {
        const slots = new SlotTable(() => Infinity);
        const index = new KeyIndex(slots, seededRandom(seed));
        const model = new Map<unknown, number>();
        for (const [isInsert, name] of steps) {
          const slot = index.find(name);
          expect(slot).toBe(model.get(name) ?? -1);
          if (isInsert && slot === -1) {
            if (slots.isFull) slots.grow();
            const added = slots.allocate(name, 0);
            index.insert(added, name);
            model.set(name, added);
          } else if (!isInsert && slot !== -1) {
            index.remove(slot);
            slots.release(slot);
            model.delete(name);
          }
        }
        for (const [name, slot] of model) expect(index.find(name)).toBe(slot);
        expect(index.indexed().sort()).toEqual([...model.values()].sort());
      }),
      { numRuns: 150 },
    );
  });
});

describe('TimerWheel', () => {
  it('hands out each item exactly once, at its tick or when first asked after it', () => {
    const tick = fc.oneof(
      fc.integer({ min: 0, max: 100 }),
      fc.integer({ min: 0, max: 50_000 }),
      fc.integer({ min: 0, max: 2 ** 31 - 2 }),
    );
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant('schedule' as const), item: fc.nat({ max: 20 }), inTicks: tick }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), item: fc.nat({ max: 20 }) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('advance' as const), ticks: tick }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('wake' as const) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const wheel = new TimerWheel();
        wheel.grow(21);
        const model = new Map<number, number>();
        let now = 0;
        for (const each of steps) {
          if (each.do === 'schedule') {
            const due = Math.min(now + each.inTicks, 2 ** 31 - 2);
            wheel.schedule(each.item, due);
            model.set(each.item, due);
          } else if (each.do === 'cancel') {
            wheel.cancel(each.item);
            model.delete(each.item);
          } else {
            now = Math.min(each.do === 'wake' ? Math.max(now, wheel.nextTick()) : now + each.ticks, 2 ** 31 - 2);
            const fired: number[] = [];
            for (let item = wheel.poll(now); item !== NOTHING_DUE; item = wheel.poll(now))
              if (item !== MOVED) fired.push(item);
            const due = [...model].filter(([, at]) => at <= now).map(([item]) => item);
            expect(fired.sort()).toEqual(due.sort());
            for (const item of due) model.delete(item);
          }
          expect([...wheel.scheduled().keys()].sort()).toEqual([...model.keys()].sort());
          expect(wheel.nextTick()).toBeLessThanOrEqual(Math.max(now, Math.min(2 ** 31 - 1, ...model.values())));
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('LfuPolicy', () => {
  /** Each step may stand for a great many uses, so that priorities leave the window of lists. */
  it('keeps the order of a sorted list over any number of uses', () => {
    const step = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constant('use' as const),
          pick: fc.nat(),
          times: fc.constantFrom(1, 2, 3, 70, 5_000, 66_000),
        }),
      },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('insert' as const) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('evict' as const) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), pick: fc.nat() }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const slots = new SlotTable(() => 1_000);
        const host = {
          get capacity() {
            return slots.capacity;
          },
          newList: () => new SlotList(slots),
          newLists: (count: number) => new SlotLists(slots, count),
        } as PolicyHost;
        const policy = new LfuPolicy(host);
        let model: { slot: number; uses: number; priority: number; lastUse: number }[] = [];
        let age = 0;
        let time = 0;
        for (const each of steps) {
          if (each.do === 'insert') {
            if (slots.isFull) {
              slots.grow();
              policy.grow(slots.capacity);
            }
            const slot = slots.allocate('key', 'value');
            policy.onInsert(slot);
            model.push({ slot, uses: 1, priority: age + 1, lastUse: time++ });
          } else if (model.length > 0 && each.do === 'evict') {
            const [victim] = model;
            expect(policy.nextVictim()).toBe(victim?.slot);
            age = victim?.priority ?? 0;
            policy.onEvict(victim?.slot ?? -1);
            slots.release(victim?.slot ?? -1);
            model = model.slice(1);
          } else if (model.length > 0 && each.do !== 'evict') {
            const entry = model[each.pick % model.length] as (typeof model)[number];
            if (each.do === 'use') {
              for (let use = 0; use < each.times; use++) policy.onAccess(entry.slot);
              Object.assign(entry, {
                uses: entry.uses + each.times,
                priority: age + entry.uses + each.times,
                lastUse: time++,
              });
            } else {
              policy.onRemove(entry.slot);
              slots.release(entry.slot);
              model = model.filter((other) => other !== entry);
            }
          }
          model.sort((a, b) => a.priority - b.priority || a.lastUse - b.lastUse);
          expect([...policy.slots()]).toEqual(model.map(({ slot }) => slot));
          expect(policy.nextVictim()).toBe(model[0]?.slot ?? -1);
        }
      }),
      { numRuns: 60 },
    );
  });
});

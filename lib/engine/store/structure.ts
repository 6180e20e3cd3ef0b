import { BLOCK } from '../time/expiry-sweeper.js';
import type { BoundedStore } from './bounded-store.js';
import { NEVER } from '../slots/slot-table.js';

/** Throws an Error that says which invariant of the store does not hold. O(entries), for tests; nothing calls it in production. */
export function assertStructure(cache: object): void {
  const store = ('store' in cache ? cache.store : cache) as BoundedStore<unknown, unknown>;
  const used = usedSlots(store);
  checkSlots(store, used);
  checkIndex(store, used);
  checkPolicy(store, used);
  checkBounds(store, used);
  checkExpiry(store, used);
  store.groups.assertStructure((slot) => store.slots.isUsed(slot));
}

function check(holds: boolean, invariant: string): void {
  if (!holds) throw new Error(`structure: ${invariant}`);
}

function usedSlots({ slots }: BoundedStore<unknown, unknown>): Set<number> {
  const used = new Set<number>();
  for (let slot = 0; slot < slots.used; slot++) if (slots.isUsed(slot)) used.add(slot);
  return used;
}

function checkSlots({ slots }: BoundedStore<unknown, unknown>, used: Set<number>): void {
  const free = slots.freeSlots();
  check(used.size === slots.size, `${used.size} slots are used, but size is ${slots.size}`);
  check(new Set(free).size === free.length, 'a slot is in the free list twice');
  check(
    free.every((slot) => slot < slots.used && !used.has(slot)),
    'a used slot is in the free list',
  );
  check(free.length + used.size === slots.used, 'a slot is neither used nor in the free list');
  check(slots.used <= slots.capacity && slots.records.length === slots.capacity * 4, 'records and capacity differ');
  const places = slots.chunks.reduce((sum, chunk) => sum + chunk.length / 2, 0);
  check(
    slots.used <= places && places <= slots.capacity,
    `${places} places for ${slots.used} of ${slots.capacity} slots`,
  );
  check(
    free.every((slot) => slots.keyOf(slot) === undefined && slots.valueOf(slot) === undefined),
    'a free slot keeps its entry alive',
  );
}

function checkIndex({ index, slots }: BoundedStore<unknown, unknown>, used: Set<number>): void {
  const indexed = index.indexed();
  check(
    indexed.length === used.size && index.size === used.size,
    `${indexed.length} slots are indexed of ${used.size}`,
  );
  check(new Set(indexed).size === indexed.length, 'a slot is indexed twice');
  for (const slot of used) check(index.find(slots.keyOf(slot)) === slot, `the key of slot ${slot} does not lead to it`);
  check(index.load <= 0.5, 'the index is more than half full');
}

function checkPolicy({ policy }: BoundedStore<unknown, unknown>, used: Set<number>): void {
  const known = [...policy.slots()];
  check(known.length === used.size, `the policy knows ${known.length} of ${used.size} slots`);
  check(new Set(known).size === known.length, 'the policy has a slot twice');
  check(
    known.every((slot) => used.has(slot)),
    'the policy keeps a free slot',
  );
  check(policy.nextVictim() === (known[0] ?? -1), 'the next victim is not the first in order');
  policy.assertStructure?.();
}

function checkBounds(store: BoundedStore<unknown, unknown>, used: Set<number>): void {
  check(store.size <= store.maxSize, `size ${store.size} is above ${store.maxSize}`);
  check(store.weight <= store.maxWeight, `weight ${store.weight} is above ${store.maxWeight}`);
  if (store.weights === undefined) return;
  let sum = 0;
  for (const slot of used) sum += store.weightOf(slot);
  check(Math.abs(sum - store.weight) <= 1e-9 * Math.max(1, sum), `the weights sum up to ${sum}, not ${store.weight}`);
}

function checkExpiry({ lifetimes, slots }: BoundedStore<unknown, unknown>, used: Set<number>): void {
  const { blocks, timerTick, nextTick } = lifetimes.sweeper.plan();
  const limited = new Set<number>();
  for (const slot of used) {
    const deadline = lifetimes.deadlineOf(slot);
    if (deadline === Infinity) continue;
    const block = Math.floor(slot / BLOCK);
    limited.add(block);
    const comesUp = blocks.get(block);
    check(comesUp !== undefined, `slot ${slot} expires, but its block is not scheduled`);
    const soonest = Math.max(deadline, lifetimes.sweeper.currentTick);
    check((comesUp ?? 0) <= soonest, `slot ${slot} expires at ${deadline}, but its block comes up at ${comesUp}`);
  }
  check(slots.used > 0 || blocks.size === 0, 'blocks of an empty store are scheduled');
  check(limited.size === 0 || timerTick < NEVER, 'entries expire, but no timer runs');
  check(
    nextTick === NEVER || timerTick <= Math.max(nextTick, lifetimes.sweeper.earliestSweepTick),
    'the timer sleeps past the next bucket',
  );
}

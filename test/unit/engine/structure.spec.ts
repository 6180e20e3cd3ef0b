import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../../lib/core/index.js';
import { BoundedStore } from '../../../lib/engine/index.js';
import { LruPolicy } from '../../../lib/engine/policy/lru.js';
import { assertStructure } from '../../../lib/engine/store/structure.js';
import { FakeClock } from '../../../lib/testing/index.js';

function filledStore(): BoundedStore<string, number> {
  const store = new BoundedStore<string, number>({
    bound: { kind: 'weight', maxSize: 10, maxWeight: 100, weigher: () => 1 },
    policy: (host) => new LruPolicy(host),
    clock: new FakeClock(),
    random: seededRandom(1),
    onRemoval() {},
  });
  for (const [at, key] of [...'abcdef'].entries()) store.put(key, at, 1_000 + at, Infinity, ['g'], undefined);
  store.remove('b');
  return store;
}

function pairsOf(store: BoundedStore<string, number>): unknown[] {
  return store.slots.chunks[0] ?? [];
}

describe('assertStructure', () => {
  it('accepts a store that is in order', () => {
    expect(() => assertStructure(filledStore())).not.toThrow();
  });

  const damages: [string, (store: BoundedStore<string, number>) => unknown, RegExp][] = [
    ['a slot that the index has lost', (store) => store.index.remove(2), /indexed/],
    ['a key that leads elsewhere', (store) => pairsOf(store).fill('x', 4, 5), /does not lead to it/],
    ['a slot that the policy has lost', (store) => store.policy.onRemove(3), /policy knows/],
    ['a policy that keeps a free slot', (store) => (store.policy.onRemove(3), store.policy.onInsert(1)), /but size is/],
    ['a size that is wrong', (store) => void store.slots.size++, /size is/],
    ['a free slot that keeps its value', (store) => pairsOf(store).fill(5, 3, 4), /keeps its entry alive/],
    ['weights that do not sum up', (store) => store.weights?.add(0, 7), /sum up/],
    ['a bound that is passed', (store) => void (store.maxSize = 2), /above/],
    ['a group that keeps a free slot', (store) => store.groups.assign(1, ['g']), /free slot/],
    ['a block that is not scheduled', (store) => store.lifetimes.sweeper.clear(), /not scheduled/],
    ['a deadline before its block comes up', (store) => void (store.slots.records[3] = 5), /comes up/],
    ['a slot that is free and used', (store) => store.slots.release(0), /./],
  ];
  it.each(damages)('reports %s', (_, damage, message) => {
    const store = filledStore();
    damage(store);
    expect(() => assertStructure(store)).toThrow(message);
  });
});

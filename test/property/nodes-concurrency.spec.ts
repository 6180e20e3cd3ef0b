import { describe, expect, it } from '@jest/globals';
import process from 'node:process';
import { createCache, defineCache, type CacheOptions, type ClosableCache } from '../../lib/cache/index.js';
import { seededRandom } from '../../lib/core/index.js';
import { ChaosBus, ChaosTier, FakeClock, inProcessHub, InProcessTier } from '../../lib/testing/index.js';

const PROGRAMS = Number(process.env.STRATA_NODE_PROGRAMS ?? 1_400);
const SEED = Number(process.env.STRATA_SEED ?? Math.floor(Math.random() * 2 ** 31));
const STEPS = 60;
const KEYS = ['a', 'b', 'c'];
const GROUP_OF: Readonly<Record<string, string>> = { a: 'g', b: 'g', c: 'h' };

interface Node {
  readonly cache: ClosableCache<string, number>;
  readonly tier: ChaosTier;
  /** For each key the version that a read which begins now must not fall below, as far as this node was told. */
  readonly floor: Map<string, number>;
}

interface Variant {
  readonly name: string;
  readonly options: CacheOptions<string, number>;
  /** What strikes the calls of tiers besides delays. */
  readonly faults: readonly ('fail' | 'applyThenFail' | 'hang')[];
}

const VARIANTS: readonly Variant[] = [
  { name: 'inclusive', options: {}, faults: [] },
  { name: 'inclusive, with little memory', options: { maxSize: 1 }, faults: [] },
  { name: 'exclusive', options: { tiering: 'exclusive', maxSize: 1, policy: 'lru' }, faults: [] },
  { name: 'with locks', options: { lock: true }, faults: [] },
  {
    name: 'with refreshes',
    options: { ttl: 40, staleWhileRevalidate: 60, refreshAhead: 0.5, staleBackoff: 5 },
    faults: [],
  },
  { name: 'with failing tiers', options: {}, faults: ['fail', 'applyThenFail', 'hang'] },
  {
    name: 'exclusive, with failing tiers',
    options: { tiering: 'exclusive', maxSize: 1 },
    faults: ['fail', 'applyThenFail'],
  },
];

/**
 * Random programs of two nodes over one tier whose calls take random times. Every value is a version of its key, counted
 * up before each change; a loader returns the version that it saw when it began. A read that begins after a change was
 * acknowledged must not return an older version: on the node that made the change always, on the other one when no call
 * of a tier fails, since the bus delivers at once.
 */
async function run(variant: Variant, seed: number): Promise<string[]> {
  const random = seededRandom(seed);
  const int = (below: number): number => Math.floor(random() * below);
  const pick = <T>(list: readonly T[]): T => list[int(list.length)] as T;
  const clock = new FakeClock();
  const first = new InProcessTier({ name: 'shared', clock, random, timeout: 200 });
  const hub = inProcessHub();
  const versions = new Map(KEYS.map((key) => [key, 1]));
  const changing = new Map<string, number>();
  const putting = new Set<string>();
  const violations: string[] = [];
  const pending = new Set<Promise<unknown>>();
  const nodes: Node[] = [0, 1].map(() => {
    const tier = new ChaosTier(first.anotherNode(), { clock, random });
    const definition = defineCache<string, number>('numbers', {
      ttl: 10_000,
      groups: (_, key) => [GROUP_OF[key] as string],
      tiers: [tier],
      bus: new ChaosBus(hub.bus(), { clock, random }),
      ...variant.options,
    });
    tier.inject({ kind: 'delay', ms: 3 }, { probability: 0.3 });
    tier.inject({ kind: 'delay', ms: 11 }, { probability: 0.3 });
    for (const kind of variant.faults) tier.inject({ kind }, { probability: 0.05 });
    return { cache: createCache(definition, { clock, random }), tier, floor: new Map() };
  });
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate);
  };
  const start = (work: Promise<unknown>): void => {
    const settled = work.catch(() => {}).finally(() => pending.delete(settled));
    pending.add(settled);
  };
  const read = async (node: Node, key: string, how: 'get' | 'getOrLoad'): Promise<void> => {
    const floor = node.floor.get(key) ?? 0;
    const at = clock.now();
    const value =
      how === 'get'
        ? await node.cache.get(key)
        : await node.cache.getOrLoad(key, async () => {
            const version = versions.get(key) as number;
            const waitMs = int(25);
            if (waitMs > 0) await new Promise<void>((resolve) => void clock.after(waitMs, resolve));
            return version;
          });
    if (value === undefined || value >= floor) return;
    violations.push(
      `node ${nodes.indexOf(node)} ${how} ${key} begun at ${at}: ${value}, though ${floor} was acknowledged`,
    );
  };
  const change = async (node: Node, keys: readonly string[], act: (key: string) => Promise<unknown>): Promise<void> => {
    if (keys.some((key) => putting.has(key) && (changing.get(key) ?? 0) > 0)) return;
    const now = new Map(keys.map((key) => [key, (versions.get(key) as number) + 1]));
    for (const [key, version] of now) versions.set(key, version);
    for (const key of keys) changing.set(key, (changing.get(key) ?? 0) + 1);
    await act(keys[0] as string);
    for (const key of keys) changing.set(key, (changing.get(key) as number) - 1);
    const told = variant.faults.length === 0 ? nodes : [node];
    for (const { floor } of told) {
      for (const [key, version] of now) floor.set(key, Math.max(floor.get(key) ?? 0, version));
    }
  };

  await turns();
  for (let step = 0; step < STEPS; step++) {
    const node = pick(nodes);
    const key = pick(KEYS);
    const { cache } = node;
    switch (int(12)) {
      case 0:
      case 1:
        start(change(node, [key], () => cache.invalidate(key)));
        break;
      case 2:
        start(change(node, ['a', 'b'], () => cache.invalidateGroup('g')));
        break;
      case 3:
        start(change(node, KEYS, () => cache.clear()));
        break;
      case 4:
        start(change(node, [key], () => cache.invalidateMatching(key)));
        break;
      case 5:
        // Two puts at a time, or one beside another change, may come in either order.
        if ((changing.get(key) ?? 0) > 0) break;
        putting.add(key);
        start(
          change(node, [key], () => cache.put(key, versions.get(key) as number)).finally(() => putting.delete(key)),
        );
        break;
      case 6:
        start(read(node, key, 'get'));
        break;
      default:
        start(read(node, key, 'getOrLoad'));
    }
    if (int(3) === 0) await turns();
    if (int(2) === 0) clock.advance(int(8));
  }
  for (let round = 0; pending.size > 0 && round < 400; round++) {
    await turns();
    clock.advance(20);
  }
  if (pending.size > 0) violations.push(`${pending.size} calls never settled`);
  for (const { tier } of nodes) tier.heal();
  for (const node of nodes) for (const key of KEYS) start(read(node, key, 'get'));
  for (let round = 0; pending.size > 0 && round < 100; round++) {
    await turns();
    clock.advance(20);
  }
  return violations;
}

describe('promise Fence: random programs of two nodes over one tier', () => {
  it.each(VARIANTS)(
    '$name',
    async (variant) => {
      const programs = Math.ceil(PROGRAMS / VARIANTS.length);
      for (let program = 0; program < programs; program++) {
        const seed = SEED + program;
        const violations = await run(variant, seed);
        if (violations.length > 0) throw new Error(`STRATA_SEED=${seed}: ${violations.slice(0, 3).join('; ')}`);
      }
      expect(programs).toBeGreaterThan(0);
    },
    300_000,
  );
});

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
  readonly tiers: readonly ChaosTier[];
  /** For each key the version that a read which begins now must not fall below, as far as this node was told. */
  readonly floor: Map<string, number>;
}

interface Variant {
  readonly name: string;
  readonly options: CacheOptions<string, number>;
  /** What strikes the calls of tiers besides delays. */
  readonly faults: readonly ('fail' | 'applyThenFail' | 'hang')[];
  /**
   * Whether each node has a tier of its own before the one that they share. The others hear of a change when all tiers have
   * it: until then a put which the shared one had not got from another node may be handed to it, behind the removal. So what
   * is read meanwhile is not judged, only what is left when all is well again.
   */
  readonly hasOwn?: boolean;
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
  {
    name: 'with a failing tier of each node',
    options: { maxSize: 1 },
    faults: ['fail', 'applyThenFail'],
    hasOwn: true,
  },
];

/**
 * Random programs of two nodes over one tier whose calls take random times. Every value is a version of its key, counted
 * up before each change; a loader returns the version that it saw when it began. A read that begins after a change was
 * acknowledged must not return an older version: on the node that made the change always, on the other one when no call
 * of a tier fails, since the bus delivers at once. When the tiers are well again and have been told what was kept for them,
 * no node returns an older version, a new one neither; unless a call hung, for what it does late nobody can hold back.
 */
async function run(variant: Variant, seed: number): Promise<string[]> {
  const random = seededRandom(seed);
  const int = (below: number): number => Math.floor(random() * below);
  const pick = <T>(list: readonly T[]): T => list[int(list.length)] as T;
  const clock = new FakeClock();
  const first = new InProcessTier({ name: 'shared', clock, random, timeout: 200 });
  const hub = inProcessHub({ scope: 'shared' });
  const versions = new Map(KEYS.map((key) => [key, 1]));
  const changing = new Map<string, number>();
  const putting = new Set<string>();
  /** For each key the version of the last change that was acknowledged to whomever. */
  const latest = new Map<string, number>();
  const violations: string[] = [];
  const pending = new Set<Promise<unknown>>();
  const join = (): Node => {
    const tier = new ChaosTier(first.anotherNode(), { clock, random });
    const own = new InProcessTier({ name: 'own', clock, random, timeout: 200, capabilities: { scope: 'process' } });
    const tiers = variant.hasOwn === true ? [new ChaosTier(own, { clock, random }), tier] : [tier];
    const definition = defineCache<string, number>('numbers', {
      ttl: '1h',
      groups: (_, key) => [GROUP_OF[key] as string],
      tiers,
      bus: new ChaosBus(hub.bus(), { clock, random }),
      ...variant.options,
    });
    return { cache: createCache(definition, { clock, random }), tiers, floor: new Map() };
  };
  const nodes = [join(), join()];
  for (const tier of nodes.flatMap(({ tiers }) => tiers)) {
    tier.inject({ kind: 'delay', ms: 3 }, { probability: 0.3 });
    tier.inject({ kind: 'delay', ms: 11 }, { probability: 0.3 });
    for (const kind of variant.faults) tier.inject({ kind }, { probability: 0.05 });
  }
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate);
  };
  const start = (work: Promise<unknown>): void => {
    const settled = work.catch(() => {}).finally(() => pending.delete(settled));
    pending.add(settled);
  };
  /** What a loader of these keys sees when it begins. */
  const load = async (keys: readonly string[]): Promise<Map<string, number>> => {
    const seen = new Map(keys.map((key) => [key, versions.get(key) as number]));
    const waitMs = int(25);
    if (waitMs > 0) await new Promise<void>((resolve) => void clock.after(waitMs, resolve));
    return seen;
  };
  const read = async (node: Node, key: string, how: 'get' | 'getOrLoad' | 'getOrLoadAll'): Promise<void> => {
    const { cache } = node;
    const floor = node.floor.get(key) ?? 0;
    const at = clock.now();
    let value: number | undefined;
    if (how === 'get') value = await cache.get(key);
    else if (how === 'getOrLoad')
      value = await cache.getOrLoad(key, async () => (await load([key])).get(key) as number);
    else value = (await cache.getOrLoadAll(KEYS, (keys) => load([...keys]))).get(key);
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
    for (const [key, version] of now) latest.set(key, Math.max(latest.get(key) ?? 0, version));
    const told = variant.faults.length === 0 ? nodes : variant.hasOwn === true ? [] : [node];
    for (const { floor } of told) {
      for (const [key, version] of now) floor.set(key, Math.max(floor.get(key) ?? 0, version));
    }
  };

  await turns();
  for (let step = 0; step < STEPS; step++) {
    const node = pick(nodes);
    const key = pick(KEYS);
    const { cache } = node;
    switch (int(15)) {
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
      case 7:
        start(cache.touch(key));
        break;
      case 8:
      case 9:
        start(read(node, key, 'getOrLoadAll'));
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
  for (const tier of nodes.flatMap(({ tiers }) => tiers)) tier.heal();
  for (const node of nodes) for (const key of KEYS) start(read(node, key, 'get'));
  const settleFor = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 50) {
      await turns();
      clock.advance(50);
    }
  };
  await settleFor(2_000);
  if (variant.faults.includes('hang')) return violations;
  await settleFor(8_000);
  for (const node of [...nodes, join()]) {
    await turns();
    for (const [key, version] of latest) node.floor.set(key, version);
    for (const key of KEYS) start(read(node, key, 'get'));
  }
  await settleFor(1_000);
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

import type { ClosableCache } from '../../lib/cache/index.js';
import type { Truth } from './truth.js';

/** What a node is asked to do. */
export const OPERATIONS = [
  'get',
  'getOrLoad',
  'getOrLoadAll',
  'put',
  'invalidate',
  'invalidateGroup',
  'clear',
  'close',
] as const;
export type Operation = (typeof OPERATIONS)[number];

/** How long a bus may keep a caller. */
const BUS_MS = 500;
/** How long a loader takes. */
const LOAD_MS = 2;

/**
 * How many calls of a tier an operation makes one after the other when every one of them is needed: each has the tier's
 * deadline. A read looks up the generations of the groups that it finds; a load takes its fences and writes.
 */
const STEPS: Readonly<Record<Operation, { readonly tier: number; readonly elseMs: number }>> = {
  get: { tier: 2, elseMs: 0 },
  getOrLoad: { tier: 4, elseMs: LOAD_MS },
  getOrLoadAll: { tier: 4, elseMs: LOAD_MS },
  put: { tier: 2, elseMs: BUS_MS },
  invalidate: { tier: 1, elseMs: BUS_MS },
  invalidateGroup: { tier: 2, elseMs: BUS_MS },
  clear: { tier: 1, elseMs: BUS_MS },
  close: { tier: 1, elseMs: BUS_MS },
};

/** The deadline of an operation, for tiers of these timeouts. */
export function deadlineOf(operation: Operation, timeoutsMs: readonly number[]): number {
  const { tier, elseMs } = STEPS[operation];
  return timeoutsMs.reduce((sum, timeoutMs) => sum + tier * timeoutMs, elseMs);
}

/** What was measured of one operation. */
export interface Measured {
  calls: number;
  errors: number;
  worstMs: number;
  /** Values that the node itself had outdated before it was asked. */
  outdated: number;
  /** Values that nobody ever stored under their key. */
  wrong: number;
  firstError: string | undefined;
}

export type Measures = Readonly<Record<Operation, Measured>>;

export function noMeasures(): Measures {
  const none = (): Measured => ({ calls: 0, errors: 0, worstMs: 0, outdated: 0, wrong: 0, firstError: undefined });
  return Object.fromEntries(OPERATIONS.map((operation) => [operation, none()])) as Measures;
}

export const KEYS: readonly string[] = Array.from({ length: 24 }, (_, at) => `k${at}`);
const GROUPS = 3;
const groupOf = (at: number): string => `g${at % GROUPS}`;
const keysOf = (group: string): string[] => KEYS.filter((_, at) => groupOf(at) === group);

/** One round of a node; what is done more often in real life is here more often too. */
const ROUND: readonly Operation[] = [
  ...(['get', 'getOrLoad', 'put', 'get', 'getOrLoadAll', 'getOrLoad', 'invalidate', 'get'] as const),
  ...(['getOrLoad', 'put', 'invalidateGroup', 'getOrLoad', 'get', 'put', 'getOrLoadAll', 'clear'] as const),
];
const EVERY_MS = 10;
const CALLS_AT_ONCE = 2;

/** A steady small load on one node. */
export class Workload {
  private readonly running = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private turn = 0;

  constructor(
    private readonly node: string,
    private readonly cache: ClosableCache<string, string>,
    private readonly truth: Truth,
    private readonly measures: Measures,
  ) {}

  start(): void {
    this.timer = setInterval(() => {
      for (let count = 0; count < CALLS_AT_ONCE; count++) this.next();
    }, EVERY_MS);
  }

  /** Begins nothing more, and waits for what runs. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.running);
  }

  private next(): void {
    const turn = this.turn++;
    const operation = ROUND[turn % ROUND.length] as Operation;
    // Another key each time, and not the same ones for the same operation.
    const at = (turn * 7 + Math.floor(turn / ROUND.length)) % KEYS.length;
    const call = measured(this.measures[operation], () => this.run(operation, at));
    this.running.add(call);
    void call.finally(() => this.running.delete(call));
  }

  private async run(operation: Operation, at: number): Promise<void> {
    const { cache, truth, node } = this;
    const measure = this.measures[operation];
    const key = KEYS[at] as string;
    const groups = [groupOf(at)];
    const changing = async (keys: readonly string[], call: () => Promise<unknown>): Promise<void> => {
      const change = truth.change(node, keys);
      await call();
      change.done();
    };
    const load = async (one: string): Promise<string> => {
      const value = truth.load(one);
      await new Promise((resolve) => setTimeout(resolve, LOAD_MS));
      return value;
    };
    const judge = (one: string, value: string | undefined, demanded: number): void => {
      if (value === undefined) return;
      const verdict = truth.judge(one, value, demanded);
      if (verdict !== 'right') measure[verdict]++;
    };
    switch (operation) {
      case 'get': {
        const demanded = truth.demand(key, node);
        return judge(key, await cache.get(key), demanded);
      }
      case 'getOrLoad': {
        const demanded = truth.demand(key, node);
        return judge(key, await cache.getOrLoad(key, load, { groups }), demanded);
      }
      case 'getOrLoadAll': {
        const keys = keysOf(groupOf(at)).slice(0, 5);
        const demanded = keys.map((one) => truth.demand(one, node));
        const found = await cache.getOrLoadAll(
          keys,
          async (missing) =>
            new Map(await Promise.all([...missing].map(async (one) => [one, await load(one)] as const))),
          { groups },
        );
        return keys.forEach((one, index) => judge(one, found.get(one), demanded[index] as number));
      }
      case 'put': {
        const put = truth.put(node, key);
        await cache.put(key, put.value, { groups });
        return put.done();
      }
      case 'invalidate':
        return changing([key], () => cache.invalidate(key));
      case 'invalidateGroup':
        return changing(keysOf(groupOf(at)), () => cache.invalidateGroup(groupOf(at)));
      case 'clear':
        return changing(KEYS, () => cache.clear());
      case 'close':
        return cache.close();
    }
  }
}

/** Notes how a call ended and how long it took. Never rejects. */
export async function measured(measure: Measured, call: () => Promise<unknown>): Promise<void> {
  const startedMs = performance.now();
  measure.calls++;
  try {
    await call();
  } catch (error) {
    measure.errors++;
    measure.firstError ??= String(error);
  }
  measure.worstMs = Math.max(measure.worstMs, performance.now() - startedMs);
}

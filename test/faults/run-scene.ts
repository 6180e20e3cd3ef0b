import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import v8 from 'node:v8';
import vm from 'node:vm';
import { createCache, defineCache, type ClosableCache } from '../../lib/cache/index.js';
import { memoryTier } from '../../lib/tiers/index.js';
import type { Levels, Scene } from './scene.js';
import { Truth } from './truth.js';
import {
  deadlineOf,
  KEYS,
  measured,
  noMeasures,
  OPERATIONS,
  Workload,
  type Measured,
  type Operation,
} from './workload.js';

v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc') as () => void;

/** How a scene ended. */
export interface Outcome {
  readonly below: string;
  readonly fault: string;
  readonly expected: string;
  /** How often it was played: again when all that was wrong was a wait. */
  readonly plays?: number;
  readonly cells: Readonly<Record<Operation, Measured & { readonly deadlineMs: number }>>;
  /** The worst delay of the event loop while the load ran. */
  readonly loopDelayMs: number;
  /** From the end of the fault until both nodes and the tier have what is true, and hear of each other; absent: never. */
  readonly recoveredMs: number | undefined;
  /** Why it has not. */
  readonly unrecovered: string | undefined;
  /** Reads after that which gave something outdated, or what nobody stored. */
  readonly staleAfter: number;
  /** Of entries that nobody touched. */
  readonly lost: number;
  readonly kept: number;
  readonly heapGrowthBytes: number;
  /** Of what `close()` of the nodes took, when all was well again. */
  readonly closeMs: number;
}

/** How long the phases of a scene take. */
export interface Durations {
  readonly beforeMs: number;
  readonly faultMs: number;
  readonly afterMs: number;
  /** Within which all must be well again. */
  readonly recoveryMs: number;
}

const KEPT = 40;
/** How often it is looked again when all was well. */
const LAST_LOOKS = 5;
const LOOK_EVERY_MS = 40;
/** What a histogram of the event loop's delays counts in, and adds to each. */
const RESOLUTION_MS = 5;

const texts = (name: string) => defineCache<string, string>(name, { ttl: '10m', staleIfError: 0 });

/** Sets a scene, puts a small steady load on two nodes, lets the fault happen, and sees what became of them. */
export async function runScene(scene: Scene, namespace: string, durations: Durations): Promise<Outcome> {
  const stage = await scene.set();
  const open: ClosableCache<string, string>[] = [];
  const cacheOf = (name: string, { tiers, bus }: Levels): ClosableCache<string, string> => {
    const cache = createCache(texts(name), { namespace, tiers, bus });
    open.push(cache);
    return cache;
  };
  const measures = noMeasures();
  const truth = new Truth();
  const nodes = [cacheOf('texts', stage.node()), cacheOf('texts', stage.node())] as const;
  const leaver = cacheOf('texts', stage.node());
  const { tiers, bus } = stage.witness();
  // What it keeps in memory is of no use a moment later: it sees what the tier has.
  const witness = cacheOf('texts', { tiers: [memoryTier({ ttl: 1 }), ...tiers], bus });
  const keeper = cacheOf('kept', stage.witness());
  const kept = KEYS.flatMap((key) => [0, 1].map((copy) => [`${key}-${copy}`, 'untouched'] as const)).slice(0, KEPT);
  await keeper.putAll(kept);

  const loads = nodes.map((node, at) => new Workload(`n${at}`, node, truth, measures));
  const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  try {
    await sleep(durations.beforeMs / 2);
    for (const load of loads) load.start();
    await sleep(durations.beforeMs / 2);
    collectGarbage();
    const heapBefore = process.memoryUsage().heapUsed;
    loop.enable();
    await stage.begin();
    await sleep(durations.faultMs / 2);
    const leaving = measured(measures.close, () => leaver.close());
    await sleep(durations.faultMs / 2);
    await stage.end();
    const endedMs = performance.now();
    await sleep(durations.afterMs);
    await leaving;
    await Promise.all(loads.map((load) => load.stop()));
    loop.disable();
    const recovery = await recovered([...nodes, witness], truth, endedMs, durations.recoveryMs);
    let staleAfter = 0;
    for (let look = 0; look < LAST_LOOKS; look++) {
      for (const reader of [...nodes, witness]) staleAfter += (await wrongIn(reader, truth)).length;
      await sleep(LOOK_EVERY_MS);
    }
    const left = await stillThere(
      cacheOf('kept', stage.witness()),
      kept.map(([key]) => key),
    );
    collectGarbage();
    const heapGrowthBytes = process.memoryUsage().heapUsed - heapBefore;
    const closingMs = performance.now();
    await Promise.all(open.map((cache) => cache.close()));
    return {
      below: scene.below,
      fault: scene.fault,
      expected: scene.expected,
      cells: Object.fromEntries(
        OPERATIONS.map((operation) => [
          operation,
          { ...measures[operation], deadlineMs: deadlineOf(operation, stage.timeoutsMs) },
        ]),
      ) as Outcome['cells'],
      loopDelayMs: Math.max(0, loop.max / 1e6 - RESOLUTION_MS),
      ...recovery,
      staleAfter,
      lost: kept.length - left,
      kept: kept.length,
      heapGrowthBytes,
      closeMs: performance.now() - closingMs,
    };
  } finally {
    await Promise.all(open.map((cache) => cache.close()));
    await stage.strike();
  }
}

/** How many of these a node finds that begins now. */
async function stillThere(cache: ClosableCache<string, string>, keys: readonly string[]): Promise<number> {
  for (let look = 0; ; look++) {
    const { size } = await cache.getAll(keys);
    // It may not be connected yet.
    if (size > 0 || look === LAST_LOOKS) return size;
    await sleep(LOOK_EVERY_MS);
  }
}

/** Waits until every reader has nothing outdated, and what one node puts is what the others get. */
async function recovered(
  readers: readonly ClosableCache<string, string>[],
  truth: Truth,
  endedMs: number,
  withinMs: number,
): Promise<Pick<Outcome, 'recoveredMs' | 'unrecovered'>> {
  for (let look = 0; ; look++) {
    const unrecovered = await whatIsWrong(readers, truth, `probe ${look}`);
    const sinceMs = performance.now() - endedMs;
    if (unrecovered === undefined) return { recoveredMs: sinceMs, unrecovered };
    if (sinceMs > withinMs) return { recoveredMs: undefined, unrecovered };
    await sleep(LOOK_EVERY_MS);
  }
}

async function whatIsWrong(
  readers: readonly ClosableCache<string, string>[],
  truth: Truth,
  probe: string,
): Promise<string | undefined> {
  for (const [at, reader] of readers.entries()) {
    const wrong = await wrongIn(reader, truth);
    if (wrong.length > 0) return `reader ${at} has outdated ${wrong.join(', ')}`;
  }
  for (const [at, writer] of readers.entries()) {
    // Every reader has the one before in its memory, of which it must hear that it is outdated.
    await writer.put('probe', `${probe} of ${at}`);
    await sleep(LOOK_EVERY_MS);
    for (const [other, reader] of readers.entries()) {
      const found = await reader.get('probe');
      if (found !== `${probe} of ${at}`)
        return `reader ${other} has ${found ?? 'nothing'} instead of ${probe} of ${at}`;
    }
  }
  return undefined;
}

async function wrongIn(reader: ClosableCache<string, string>, truth: Truth): Promise<string[]> {
  const found = await reader.getAll(KEYS);
  return [...found].flatMap(([key, value]) => {
    const verdict = truth.judge(key, value, truth.demand(key));
    return verdict === 'right' ? [] : [`${key} (${verdict})`];
  });
}

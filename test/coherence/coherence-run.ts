import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { seededRandom, type Random } from '../../lib/core/index.js';
import type { FaultProxy, RedisServer } from '../servers/index.js';
import { merged, type History, type Impairment } from './history.js';
import { hostMs } from './node-plan.js';
import { NodeProcess } from './node-process.js';

/** What a run is made of. */
export interface RunPlan {
  readonly seed: number;
  readonly operations: number;
  readonly servers: readonly RedisServer[];
  readonly isCluster: boolean;
  /** One before the server for each node; the nodes of a cluster are reached directly. */
  readonly proxies: readonly FaultProxy[];
}

export interface RunResult {
  readonly history: History;
  readonly operations: number;
  /** How often each fault was made. */
  readonly faults: ReadonlyMap<string, number>;
  readonly failures: readonly string[];
}

type Fault = readonly [name: string, make: () => Promise<void>];

const NODES = 4;
/** A server that answers later than this impairs all nodes. */
const SLOW_MS = 80;
const PROBE_MS = 25;
/** All nodes have heard the bus, and what they stored before that is gone. */
const FIRST_QUIET_MS = 6_000;
/** What is left undone is done, and shows, after the last fault. */
const QUIET_END_MS = 7_000;

/** Runs random programs in several processes under random faults, and returns what happened. */
export async function run(plan: RunPlan): Promise<RunResult> {
  const folder = await mkdtemp(join(tmpdir(), 'strata-coherence-'));
  const random = seededRandom(plan.seed);
  const nodes = Array.from({ length: NODES }, (_, at) => {
    const proxy = plan.proxies[at];
    const ports = proxy === undefined ? plan.servers.map(({ port }) => port) : [proxy.port];
    const urls = ports.map((port) => `redis://127.0.0.1:${port}`);
    return new NodeProcess(`n${at + 1}`, { urls, isCluster: plan.isCluster, folder }, random);
  });
  const scene = new Scene(plan, nodes, random);
  try {
    for (const node of nodes) node.start();
    await scene.play();
    await Promise.all(nodes.map((node) => node.end()));
    return {
      history: merged([
        ...nodes.map((node) => node.history()),
        { reads: [], changes: [], impairments: scene.impairments },
      ]),
      operations: scene.operations,
      faults: scene.faults,
      failures: nodes.flatMap(({ failure }) => failure ?? []),
    };
  } finally {
    await Promise.all(nodes.map((node) => node.abandon()));
    await rm(folder, { recursive: true, force: true });
  }
}

class Scene {
  readonly impairments: Impairment[] = [];
  readonly faults = new Map<string, number>();
  private isOver = false;

  constructor(
    private readonly plan: RunPlan,
    private readonly nodes: readonly NodeProcess[],
    private readonly random: Random,
  ) {}

  get operations(): number {
    return this.nodes.reduce((sum, { operations }) => sum + operations, 0);
  }

  async play(): Promise<void> {
    const probes = this.plan.servers.map((server, at) => this.probe((this.plan.proxies[at] ?? server).port));
    const isEnough = (): boolean =>
      this.operations >= this.plan.operations || this.nodes.some(({ failure }) => failure);
    await sleep(FIRST_QUIET_MS);
    await Promise.all([
      this.makeFaults(isEnough, 1_500, () => this.nodeFaults()),
      this.makeFaults(isEnough, 15_000, () => this.serverFaults()),
    ]);
    await sleep(QUIET_END_MS);
    this.isOver = true;
    await Promise.all(probes);
  }

  private async makeFaults(isEnough: () => boolean, pauseMs: number, choice: () => readonly Fault[]): Promise<void> {
    while (!isEnough()) {
      const dueMs = hostMs() + this.between(0.3, 1.7) * pauseMs;
      while (hostMs() < dueMs && !isEnough()) await sleep(50);
      if (isEnough()) return;
      const [name, make] = this.pick(choice());
      this.faults.set(name, (this.faults.get(name) ?? 0) + 1);
      await make();
    }
  }

  private nodeFaults(): readonly Fault[] {
    const at = Math.floor(this.random() * NODES);
    const node = this.nodes[at] as NodeProcess;
    const proxy = this.plan.proxies[at];
    const faults: Fault[] = [
      ['kill', () => node.replace(this.between(0, 1_500))],
      ['pause', () => node.pause(this.between(200, 2_500))],
      ['long pause', () => node.pause(this.between(4_500, 8_000))],
    ];
    if (proxy === undefined) return faults;
    const through = (forMs: number, begin: () => void): Promise<void> =>
      node.impaired(async () => {
        begin();
        await sleep(forMs);
        proxy.mend();
      });
    return [
      ...faults,
      ['reset', () => through(0, () => proxy.reset())],
      ['cut', () => through(this.between(100, 2_000), () => proxy.cut())],
      ['long cut', () => through(this.between(4_000, 7_000), () => proxy.cut())],
      ['half-open', () => through(this.between(300, 6_000), () => proxy.halfOpen())],
      ['latency', () => through(this.between(500, 3_000), () => proxy.delay(this.between(20, 600)))],
    ];
  }

  private serverFaults(): readonly Fault[] {
    const server = this.pick(this.plan.servers);
    const faults: Fault[] = [
      [
        'server paused',
        () =>
          this.impairedAll(async () => {
            server.pause();
            await sleep(this.between(200, 4_000));
            server.resume();
          }),
      ],
      [
        'clients killed',
        () => this.impairedAll(async () => void (await server.command('CLIENT', 'KILL', 'TYPE', 'normal'))),
      ],
    ];
    // A master of a cluster that comes back empty has to find its place among the others first.
    if (!this.plan.isCluster) {
      faults.push([
        'server restarted empty',
        () =>
          this.impairedAll(async () => {
            await server.kill();
            await sleep(this.between(0, 2_000));
            await server.restart();
          }),
      ]);
    }
    return faults;
  }

  private async impairedAll(work: () => Promise<void>): Promise<void> {
    const from = hostMs();
    await work();
    this.impairments.push({ node: undefined, from, to: hostMs() });
  }

  /** Asks a server again and again; while it is slow, or what is on the way to it, no bus can be fast. */
  private async probe(port: number): Promise<void> {
    const client = new Redis({ port, host: '127.0.0.1', maxRetriesPerRequest: 0, retryStrategy: () => 100 });
    client.on('error', () => {});
    while (!this.isOver) {
      const from = hostMs();
      await client.ping().catch(() => {});
      if (hostMs() - from > SLOW_MS) this.impairments.push({ node: undefined, from, to: hostMs() });
      await sleep(PROBE_MS);
    }
    client.disconnect();
  }

  private between(from: number, to: number): number {
    return from + this.random() * (to - from);
  }

  private pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)] as T;
  }
}

import type { ChildProcess } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { forkChild } from '../processes/child.js';
import { startRedis, type RedisServer } from '../servers/index.js';
import type { Order, Told } from './stampede-child.js';

jest.setTimeout(120_000);

const NODES = 4;
const CALLERS = 1_000;
/** As of a holder that died. */
const LEASE_MS = 5_000;
const LOAD_MS = 400;
/** How often those who wait look at most, and the way to the server. */
const LOOK_MS = 300;
/** For a machine that has other things to do. */
const SLACK_MS = 1_000;

let server: RedisServer;
let nodes: Node[] = [];

beforeAll(async () => {
  server = await startRedis();
});

afterAll(async () => {
  await server.stop();
});

afterEach(() => {
  for (const node of nodes.splice(0)) node.child.kill('SIGKILL');
});

/** A process with callers. */
class Node {
  loads = 0;
  readonly child: ChildProcess;
  readonly ready: Promise<unknown>;
  readonly served: Promise<Extract<Told, { told: 'served' }>>;

  constructor(url: string, onLoad: (node: Node) => void) {
    this.child = forkChild(new URL('stampede-child.ts', import.meta.url), [url]);
    const told = <T extends Told['told']>(kind: T): Promise<Extract<Told, { told: T }>> =>
      new Promise((resolve) => {
        this.child.on('message', (message) => {
          const one = message as Told; // the child sends nothing else
          if (one.told === kind) resolve(one as Extract<Told, { told: T }>);
        });
      });
    this.ready = told('ready');
    this.served = told('served');
    this.child.on('message', (message) => {
      if ((message as Told).told !== 'loading') return;
      this.loads++;
      onLoad(this);
    });
  }

  stampede(order: Order): void {
    this.child.send(order);
  }
}

async function stampede(key: string, loadMs: number, onLoad: (node: Node) => void): Promise<void> {
  nodes = Array.from({ length: NODES }, () => new Node(server.url, onLoad));
  await Promise.all(nodes.map(({ ready }) => ready));
  for (const node of nodes) node.stampede({ callers: CALLERS, key, loadMs });
}

const loads = (): number => nodes.reduce((sum, node) => sum + node.loads, 0);

describe(`promise Load: ${NODES} processes with ${CALLERS} callers each ask for one cold key, with lock`, () => {
  it('loads it once, and everybody gets that value', async () => {
    await stampede('cold', LOAD_MS, () => {});
    const served = await Promise.all(nodes.map((node) => node.served));
    expect(loads()).toBe(1);
    expect(new Set(served.flatMap(({ values }) => values)).size).toBe(1);
    expect(served.map(({ errors }) => errors)).toEqual(nodes.map(() => 0));
    const worstMs = Math.max(...served.map((one) => one.worstMs));
    process.stdout.write(`stampede: 1 load, the longest wait ${worstMs.toFixed(0)} ms for a load of ${LOAD_MS} ms\n`);
    expect(worstMs).toBeLessThan(LOAD_MS + LOOK_MS + SLACK_MS);
  });

  it('loads it twice when the holder is killed while it loads, and nobody waits for it longer than its lease', async () => {
    let killed: Node | undefined;
    let killedAtMs = 0;
    let waitedMs = Infinity;
    await stampede('cold, and killed', LOAD_MS, (node) => {
      if (killed !== undefined) {
        waitedMs = performance.now() - killedAtMs;
        return;
      }
      killed = node;
      killedAtMs = performance.now();
      node.child.kill('SIGKILL');
    });
    // One of them never serves anybody; which one is known when the others have.
    const served: Extract<Told, { told: 'served' }>[] = [];
    await new Promise<void>((resolve) => {
      for (const node of nodes) {
        void node.served.then((one) => {
          served.push(one);
          if (served.length === NODES - 1) resolve();
        });
      }
    });
    expect(killed).toBeDefined();
    expect(loads()).toBe(2);
    expect(new Set(served.flatMap(({ values }) => values)).size).toBe(1);
    expect(served.map(({ errors }) => errors)).toEqual(served.map(() => 0));
    const worstMs = Math.max(...served.map((one) => one.worstMs));
    process.stdout.write(
      `stampede with a killed holder: 2 loads, the second one ${waitedMs.toFixed(0)} ms after the kill; the longest wait of a caller ${worstMs.toFixed(0)} ms; lease ${LEASE_MS} ms, load ${LOAD_MS} ms, look ${LOOK_MS} ms, slack ${SLACK_MS} ms\n`,
    );
    expect(waitedMs).toBeLessThan(LEASE_MS + LOOK_MS + SLACK_MS);
    expect(worstMs).toBeLessThan(LEASE_MS + LOAD_MS + 2 * LOOK_MS + SLACK_MS);
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { broadcastBus, clusterBus, relayClusterBus } from '../../lib/backends/local/index.js';
import { busContract, ChaosBus } from '../../lib/testing/index.js';
import type { Bus } from '../../lib/tiers/index.js';
import { RemoteNode } from '../processes/remote-node.js';

const runner = { describe, it, expect };
const wait = (ms: number): Promise<void> => sleep(ms);

/** Nodes are started once, since that takes longer than a test. */
let workers: readonly [RemoteNode, RemoteNode];
let threads: readonly [RemoteNode, RemoteNode];

beforeAll(async () => {
  workers = await Promise.all([RemoteNode.inClusterWorker(), RemoteNode.inClusterWorker()]);
  threads = await Promise.all([RemoteNode.inThread(), RemoteNode.inThread()]);
}, 60_000);

afterAll(async () => {
  await Promise.all([...workers, ...threads].map((node) => node.end()));
});

busContract(runner, {
  name: 'clusterBus between two workers and their primary',
  scope: 'host',
  make: async () => ({ buses: [workers[0].bus(), clusterBus(), workers[1].bus()], dispose: () => {} }),
  wait,
});

busContract(runner, {
  name: 'clusterBus between buses of one process',
  scope: 'host',
  make: async () => ({ buses: [clusterBus(), clusterBus(), clusterBus()], dispose: () => {} }),
  wait,
});

busContract(runner, {
  name: 'broadcastBus between threads',
  scope: 'process',
  make: async () => ({ buses: [threads[0].bus(), broadcastBus(), threads[1].bus()], dispose: () => {} }),
  wait,
});

busContract(runner, {
  name: 'broadcastBus under ChaosBus',
  scope: 'process',
  make: async () => {
    const chaos = new ChaosBus(broadcastBus());
    return { buses: [chaos, new ChaosBus(broadcastBus()), broadcastBus()], chaos, dispose: () => {} };
  },
  wait,
  cut: ({ chaos }) => chaos.cut(),
  mend: ({ chaos }) => chaos.mend('complete'),
});

busContract(runner, {
  name: 'clusterBus under ChaosBus',
  scope: 'host',
  make: async () => {
    const chaos = new ChaosBus(clusterBus());
    return { buses: [chaos, new ChaosBus(clusterBus()), clusterBus()], chaos, dispose: () => {} };
  },
  wait,
  cut: ({ chaos }) => chaos.cut(),
  mend: ({ chaos }) => chaos.mend('unknown'),
});

/** Records what a bus tells. */
function listen(bus: Bus, channel = 'c'): string[] {
  const told: string[] = [];
  bus.start(channel, {
    message: (text) => told.push(text),
    connected: (continuity) => told.push(`connected ${continuity}`),
    disconnected: () => told.push('disconnected'),
    error: (error) => told.push(`error: ${String(error)}`),
  });
  return told;
}

async function until(told: readonly string[], expected: readonly string[]): Promise<void> {
  for (let step = 0; step < 2_000 && told.length < expected.length; step++) await sleep(5);
  expect(told).toEqual(expected);
}

describe('clusterBus', () => {
  it('of a worker is connected as soon as the primary relays, and cut off when that stops', async () => {
    const worker = workers[0].bus();
    const told = listen(worker);
    await expect(worker.publish(['too early'])).rejects.toThrow('has no connection to the primary');
    const stop = relayClusterBus();
    await until(told, ['connected unknown']);
    await worker.publish(['1']);
    await until(told, ['connected unknown', '1']);
    stop();
    stop();
    await until(told, ['connected unknown', '1', 'disconnected']);
    await expect(worker.publish(['too late'])).rejects.toThrow('has no connection to the primary');
    const stopAgain = relayClusterBus();
    await until(told, ['connected unknown', '1', 'disconnected', 'connected unknown']);
    stopAgain();
    await worker.close();
  });

  it('goes on when a worker is killed', async () => {
    const doomed = await RemoteNode.inClusterWorker();
    const [primary, killed, stays] = [clusterBus(), doomed.bus(), workers[0].bus()];
    const tellings = [listen(primary), listen(stays)];
    for (const told of [listen(killed), ...tellings]) await until(told, ['connected unknown']);
    await doomed.end();
    await primary.publish(['1']);
    await stays.publish(['2']);
    for (const told of tellings) await until(told, ['connected unknown', '1', '2']);
    await stays.close();
    await primary.close();
  }, 30_000);

  it('tells channels apart, and leaves other messages of the application alone', async () => {
    const [one, two] = [clusterBus(), clusterBus({ name: 'mine' })];
    const [ofOne, ofTwo] = [listen(one, 'a'), listen(two, 'ab')];
    await until(ofTwo, ['connected unknown']);
    await one.publish(['for a']);
    await two.publish(['for ab']);
    expect([ofOne, ofTwo, two.name]).toEqual([['connected unknown', 'for a'], ['connected unknown', 'for ab'], 'mine']);
    await one.close();
    await two.close();
  });

  it('says what is wrong with its options', () => {
    expect(() => clusterBus({ name: 'a b' })).toThrow('clusterBus: name must be 1 to 64 letters');
    expect(() => broadcastBus({ nam: 'x' } as object)).toThrow('did you mean name?');
  });
});

describe('broadcastBus', () => {
  it('tells channels apart, and takes nothing that no bus has posted', async () => {
    const [one, two] = [broadcastBus(), broadcastBus()];
    const [ofOne, ofTwo] = [listen(one, 'a'), listen(two, 'ab')];
    const { BroadcastChannel } = await import('node:worker_threads');
    const foreign = new BroadcastChannel('nestjs-strata:a');
    for (const message of ['text', 1, null, [1], [['x']], { texts: ['x'] }]) foreign.postMessage(message);
    foreign.close();
    await two.publish(['for ab']);
    await one.publish(['for a']);
    await sleep(50);
    expect([ofOne, ofTwo]).toEqual([
      ['connected unknown', 'for a'],
      ['connected unknown', 'for ab'],
    ]);
    await one.close();
    await two.close();
  });
});

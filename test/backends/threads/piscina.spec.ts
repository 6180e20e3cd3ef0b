import { afterEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { setEnvironmentData } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { shareMemory, threadsMemory } from '../../../lib/backends/threads/index.js';
import { TYPESCRIPT_FLAGS } from '../../processes/child.js';
import type { ReportTask } from './nest.worker.js';

const WORKER = fileURLToPath(new URL('nest.worker.ts', import.meta.url));
const pools: Piscina<ReportTask, string>[] = [];

/** A pool with one thread, so that a test knows which one it asks. */
function makePool(): Piscina<ReportTask, string> {
  const pool = new Piscina<ReportTask, string>({
    filename: WORKER,
    execArgv: [...TYPESCRIPT_FLAGS],
    minThreads: 1,
    maxThreads: 1,
    // The bus needs the event loop of a thread that has nothing to do.
    atomics: 'disabled',
  });
  pools.push(pool);
  return pool;
}

afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.destroy())));

describe('Nest apps in the workers of piscina', () => {
  it('share what one of them has loaded, and what one of them invalidates', async () => {
    const counts = new Int32Array(new SharedArrayBuffer(8));
    setEnvironmentData('counts', counts as unknown as string);
    shareMemory(threadsMemory({ maxBytes: '4mb' }));
    const [one, other] = [makePool(), makePool()];

    const found = await Promise.all([one, other, one, other].map((pool) => pool.run({ do: 'find', id: 'a' })));
    expect(found).toEqual(['a 0', 'a 0', 'a 0', 'a 0']);
    expect(counts[0]).toBe(1);

    await one.run({ do: 'revise', id: 'a' });
    expect(await one.run({ do: 'find', id: 'a' })).toBe('a 1');
    // The other one's memory has heard of it when its message has arrived.
    while ((await other.run({ do: 'find', id: 'a' })) !== 'a 1') await sleep(5);
    expect(counts[0]).toBe(2);

    await other.destroy();
    expect(await makePool().run({ do: 'find', id: 'a' })).toBe('a 1');
    expect(counts[0]).toBe(2);
  }, 60_000);
});

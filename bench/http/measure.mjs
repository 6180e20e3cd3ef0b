import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { cpuSource, startStopwatch } from '../harness/stopwatch.mjs';
import { source, startServer } from './servers.mjs';

const CONNECTIONS = 32;
const COLD_CONNECTIONS = 500;
const COLD_DELAY_MS = 200;

export function measure(job) {
  return job.kind === 'cold' ? measureCold(job) : measureHits(job);
}

/** One URL, asked for again and again. */
async function measureHits({ platform, library, warmUps, requests }) {
  const { app, port } = await startServer(platform, library);
  const client = new Client(port, CONNECTIONS);
  await client.ask(warmUps);
  const stop = startStopwatch();
  await client.ask(requests);
  const times = stop();
  await client.close();
  await app.close();
  return { ...times, operations: requests, cpuSource };
}

/** 500 connections ask at once for what nobody has asked for before. */
async function measureCold({ platform, library }) {
  source.delayMs = COLD_DELAY_MS;
  const { app, port } = await startServer(platform, library);
  const client = new Client(port, COLD_CONNECTIONS);
  const stop = startStopwatch();
  const { bodies } = await client.ask(COLD_CONNECTIONS, true);
  const times = stop();
  assert.equal(bodies, 1, 'every client gets the same');
  await client.close();
  await app.close();
  return { ...times, operations: COLD_CONNECTIONS, loads: source.calls, cpuSource };
}

class Client {
  constructor(port, connections) {
    this.worker = new Worker(new URL('client.mjs', import.meta.url), {
      workerData: { port, path: '/users', connections },
    });
  }

  async ask(requests, isOnce = false) {
    this.worker.postMessage({ requests, once: isOnce });
    const [answer] = await once(this.worker, 'message');
    assert.deepEqual(answer.statuses, ['200'], 'every request is answered');
    return answer;
  }

  close() {
    return this.worker.terminate();
  }
}

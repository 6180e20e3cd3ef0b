/* Ways to bytes that another thread has put, and what a thread has for itself. Each gives `find(key)`, and `close()`. */
import { Worker } from 'node:worker_threads';

export const LIBRARIES = {
  async 'lru-cache'(entries) {
    const { LRUCache } = await import('lru-cache');
    const cache = new LRUCache({ max: entries.length });
    for (const [key, bytes] of entries) cache.set(key, bytes);
    return { find: (key) => cache.get(key), close() {} };
  },

  async 'threads-store'(entries, maxBytes) {
    const { ThreadsStore, threadsMemory } = await import('nestjs-strata/threads');
    const memory = threadsMemory({ maxBytes });
    await inWorker(PUT, { memory, entries });
    const store = new ThreadsStore({ memory });
    return { find: (key) => store.get(key), close() {} };
  },

  async 'threads-tier'(entries, maxBytes) {
    const { threadsMemory, threadsTier } = await import('nestjs-strata/threads');
    const tier = threadsTier({ memory: threadsMemory({ maxBytes }) });
    tier.start(() => {});
    await tier.write(
      'bench',
      entries.map(([key, bytes]) => ({ key, bytes, ttlMs: Infinity, fence: undefined })),
    );
    const find = async (key) => (await tier.read('bench', [key], [])).entries[0]?.bytes;
    return { isAsync: true, find, close: () => tier.close() };
  },

  /** A thread that has the entries answers for them, one question at a time. */
  async message(entries) {
    const worker = new Worker(ANSWER, { eval: true, workerData: entries });
    await new Promise((resolve) => worker.once('message', resolve));
    let answer;
    worker.on('message', (bytes) => answer(bytes));
    const find = (key) =>
      new Promise((resolve) => {
        answer = resolve;
        worker.postMessage(key);
      });
    return { isAsync: true, find, close: () => worker.terminate() };
  },
};

const ANSWER = `
const { parentPort, workerData } = require('node:worker_threads');
const entries = new Map(workerData);
parentPort.on('message', (key) => parentPort.postMessage(entries.get(key)));
parentPort.postMessage('ready');
`;

const PUT = `
const { parentPort, workerData } = require('node:worker_threads');
const { ThreadsStore } = require('nestjs-strata/threads');
const store = new ThreadsStore({ memory: workerData.memory });
for (const [key, bytes] of workerData.entries) store.put(key, bytes);
parentPort.postMessage('done');
`;

function inWorker(source, workerData) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(source, { eval: true, workerData });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

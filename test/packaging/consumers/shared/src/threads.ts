/* Memory that threads share, as one thread has it. */
import {
  shareMemory,
  threadsMemory,
  ThreadsStore,
  threadsTier,
  workerApp,
  type ClosableApp,
  type ThreadsEntryOptions,
  type ThreadsMemory,
  type ThreadsMemoryOptions,
  type ThreadsStoreOptions,
  type ThreadsTierOptions,
  type WorkerTask,
} from 'nestjs-strata/threads';

export async function useThreads(): Promise<Record<string, unknown>> {
  const making: ThreadsMemoryOptions = { maxBytes: '1mb' };
  const memory: ThreadsMemory = threadsMemory(making);
  shareMemory(memory);

  const options: ThreadsStoreOptions = { memory, space: 'pages' };
  const lasting: ThreadsEntryOptions = { ttl: '1h' };
  const store = new ThreadsStore(options);
  store.put('a', new TextEncoder().encode('text'), lasting);
  const text = new TextDecoder().decode(new ThreadsStore({ space: 'pages' }).get('a'));

  const tierOptions: ThreadsTierOptions = { name: 'shared' };
  const tier = threadsTier(tierOptions);
  tier.start(() => {});
  const { fences } = await tier.fence('strata:users', ['1'], [], 1_000);
  const stored = await tier.write('strata:users', [
    { key: '1', bytes: new Uint8Array(3), ttlMs: 1_000, fence: fences[0] },
  ]);
  await tier.close();

  const app: ClosableApp = { close: async () => {} };
  const task: WorkerTask<number, number> = workerApp(
    async () => app,
    (_app, asked: number) => asked * 2,
  );
  const done = await task(21);
  await task.close();
  return { threads: { text, name: tier.name, stored, done } };
}

export const EXPECTED_OF_THREADS = { threads: { text: 'text', name: 'shared', stored: [true], done: 42 } };

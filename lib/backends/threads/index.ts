/* The entry `nestjs-strata/threads`: a tier in memory that the worker threads of one process share. */
export { shareMemory, threadsMemory, type ThreadsMemory, type ThreadsMemoryOptions } from './threads-memory.js';
export { ThreadsStore, type ThreadsEntryOptions, type ThreadsStoreOptions } from './threads-store.js';
export { threadsTier } from './threads.tier.js';
export type { ThreadsTierOptions } from './threads.tier.options.js';
export { workerApp, type ClosableApp, type WorkerTask } from './worker-app.js';

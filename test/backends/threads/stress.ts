import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { threadsMemory, type ThreadsMemory } from '../../../lib/backends/threads/index.js';
import { CompiledLayers } from '../../processes/compiled.js';

const WORKER = new URL('stress.worker.mjs', import.meta.url);

/** Threads that work on one memory at random, and check what they read. */
export class Stress {
  readonly memory: ThreadsMemory;
  private readonly truth: Int32Array;
  private readonly least: Int32Array;
  private readonly progress: Int32Array;
  private seed = 1;

  private constructor(
    private readonly compiled: CompiledLayers,
    private readonly keys: number,
    threads: number,
  ) {
    // Far too small for all keys.
    this.memory = threadsMemory({ maxBytes: '1mb' });
    [this.truth, this.least, this.progress] = [sharedInts(keys), sharedInts(keys), sharedInts(threads)];
  }

  static async begin({ keys, threads }: { readonly keys: number; readonly threads: number }): Promise<Stress> {
    const compiled = await CompiledLayers.make('core', 'tiers', 'backends/threads');
    return new Stress(compiled, keys, threads);
  }

  /** Starts a thread; `done` is how often it hit, or rejects with what it found wrong. */
  start(index: number, operations: number) {
    const path = 'backends/threads';
    const worker = new Worker(WORKER, {
      execArgv: [],
      workerData: {
        urls: {
          memory: this.compiled.url(`${path}/threads-memory`),
          table: this.compiled.url(`${path}/record-table`),
          entries: this.compiled.url(`${path}/entries`),
          names: this.compiled.url(`${path}/record-name`),
        },
        memory: this.memory,
        keys: this.keys,
        truth: this.truth,
        least: this.least,
        progress: this.progress,
        index,
        operations,
        seed: (this.seed = Math.imul(this.seed, 0x9e3779b1) | 1),
      },
    });
    let failure: Error | undefined;
    worker.on('error', (error) => (failure = error));
    const done = once(worker, 'message').then(([{ hits }]) => hits as number);
    done.catch(() => {});
    return { worker, done, failure: () => failure };
  }

  /** How many operations the thread of this number has done, about. */
  doneBy(index: number): number {
    return Atomics.load(this.progress, index);
  }

  forget(index: number): void {
    Atomics.store(this.progress, index, 0);
  }

  end(): Promise<void> {
    return this.compiled.dispose();
  }
}

function sharedInts(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(length * 4));
}

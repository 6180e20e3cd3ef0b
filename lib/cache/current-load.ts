import { AsyncLocalStorage } from 'node:async_hooks';
import type { Flight } from '../resilience/index.js';
import type { LoadContext } from './loader.js';

interface RunningLoad {
  readonly context: LoadContext;
  /** Several for a bulk load. */
  readonly flights: readonly Flight<unknown, unknown>[];
}

const running = new AsyncLocalStorage<RunningLoad>();

/** The load in whose course this code runs, through any depth of awaits; `undefined` outside of one. */
export function currentLoad(): LoadContext | undefined {
  return running.getStore()?.context;
}

/** The flights in whose course this code runs. */
export function currentFlights(): readonly Flight<unknown, unknown>[] {
  return running.getStore()?.flights ?? [];
}

/** Runs a loader as the current load. */
export function runAsLoad<T>(load: RunningLoad, loader: () => T): T {
  return running.run(load, loader);
}

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Flight } from '../../resilience/index.js';
import type { LoadContext } from '../api/loader.js';

/** A load in whose course code runs. */
export interface RunningLoad {
  readonly context: LoadContext;
  /** Several for a bulk load. */
  readonly flights: readonly Flight<unknown, unknown>[];
  /** What its loader left running is in the course of nothing any more. */
  hasEnded: boolean;
}

/**
 * Carries the current load through awaits. Following them has a price for the whole process: as long as the storage is
 * in use, every promise costs about twice as much, those of hits included. So it is given up with the last running load.
 */
class LoadScope {
  private readonly storage = new AsyncLocalStorage<RunningLoad>();
  private running = 0;

  get current(): RunningLoad | undefined {
    const load = this.storage.getStore();
    return load?.hasEnded === false ? load : undefined;
  }

  /** Runs a loader in a load's course. {@link leave} must follow when the load has ended or was given up. */
  enter<T>(load: RunningLoad, loader: () => T): T {
    this.running++;
    return this.storage.run(load, loader);
  }

  /** Again does nothing. */
  leave(load: RunningLoad): void {
    if (load.hasEnded) return;
    load.hasEnded = true;
    if (--this.running === 0) this.storage.disable();
  }
}

export const loadScope = new LoadScope();

/** The load in whose course this code runs, through any depth of awaits; `undefined` outside of one, or when it has ended. */
export function currentLoad<V = unknown>(): LoadContext<V> | undefined {
  // Only the caller knows whose course it runs in, and so what that load's values are.
  return loadScope.current?.context as LoadContext<V> | undefined;
}

/** The flights in whose course this code runs. */
export function currentFlights(): readonly Flight<unknown, unknown>[] {
  return loadScope.current?.flights ?? [];
}

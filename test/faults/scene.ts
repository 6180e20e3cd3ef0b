import type { Bus, MemoryTier, Tier } from '../../lib/tiers/index.js';

/** A fault, where it strikes, and what is expected of it. */
export interface Scene {
  /** What is below memory: `redis`, `memcached`, `lmdb`, `lmdb+redis`, … */
  readonly below: string;
  readonly fault: string;
  /** What the nodes do meanwhile, in words. */
  readonly expected: string;
  /** Makes everything ready; the fault has not begun, unless it is one of the start. */
  set(): Promise<Stage>;
}

/** What a node is made of. */
export interface Levels {
  readonly tiers: readonly (MemoryTier | Tier)[];
  readonly bus: Bus;
}

/** A scene that has been set. */
export interface Stage {
  /** Of each tier below memory. */
  readonly timeoutsMs: readonly number[];
  /** One more node, whose way to the servers the fault strikes. */
  node(): Levels;
  /** A node whose way the fault strikes only where it strikes the servers themselves. */
  witness(): Levels;
  begin(): Promise<void> | void;
  end(): Promise<void> | void;
  /** Lets go of what is the scene's own. */
  strike(): Promise<void>;
}

/** Does something again and again, one after the other, until it is told to end; what it throws is part of the fault. */
export function again(everyMs: number, action: () => unknown): () => Promise<void> {
  let running: Promise<unknown> | undefined;
  const timer = setInterval(() => {
    running ??= (async () => action())()
      .catch(() => {})
      .finally(() => {
        running = undefined;
      });
  }, everyMs);
  return async () => {
    clearInterval(timer);
    await running;
  };
}

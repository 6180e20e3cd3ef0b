import type { GuideApp } from './guide-app.js';

/** Where a phase ends, whichever comes first. */
export interface Bounds {
  readonly requests: number;
  readonly milliseconds: number;
  /** How many readers ask at a time; each waits for its answer. */
  readonly readers: number;
}

/** What the readers saw, and what it cost. */
export interface Reading {
  readonly requests: number;
  /** Answers other than 200. */
  readonly failures: number;
  readonly seconds: number;
  readonly queries: number;
  /** 0 to 1. */
  readonly hitRate: number;
  /** In milliseconds, of all requests, ascending. */
  readonly latencies: readonly number[];
}

/** Lets some readers ask an app until a bound is reached; `progress` hears the share that is done, 0 to 1. */
export async function drive(
  app: GuideApp,
  nextPath: () => string,
  bounds: Bounds,
  progress: (share: number) => void,
): Promise<Reading> {
  const before = await app.work();
  const latencies: number[] = [];
  let asked = 0;
  let failures = 0;
  const started = performance.now();
  const elapsed = (): number => performance.now() - started;

  const read = async (): Promise<void> => {
    while (asked < bounds.requests && elapsed() < bounds.milliseconds) {
      asked++;
      const sent = performance.now();
      const response = await fetch(app.address + nextPath());
      await response.arrayBuffer();
      latencies.push(performance.now() - sent);
      if (response.status !== 200) failures++;
      progress(Math.max(asked / bounds.requests, elapsed() / bounds.milliseconds));
    }
  };
  await Promise.all(Array.from({ length: bounds.readers }, read));

  const seconds = elapsed() / 1000;
  const after = await app.work();
  const gets = after.gets - before.gets;
  return {
    requests: latencies.length,
    failures,
    seconds,
    queries: after.queries - before.queries,
    hitRate: gets === 0 ? 0 : (after.hits - before.hits) / gets,
    latencies: latencies.sort((a, b) => a - b),
  };
}

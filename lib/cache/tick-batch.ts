import process from 'node:process';

interface Waiting<Q, R> {
  readonly request: Q;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

/** Collects the requests of one tick, so that many callers of one moment cost one round trip. */
export class TickBatch<Q, R> {
  private waiting: Waiting<Q, R>[] = [];

  /** @param answer gives the results of all requests, in their order */
  constructor(private readonly answer: (requests: readonly Q[]) => Promise<readonly R[]>) {}

  add(request: Q): Promise<R> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ request, resolve, reject });
      // After the promise callbacks of this tick, so that a caller behind an await comes along too.
      if (this.waiting.length === 1) void Promise.resolve().then(() => process.nextTick(() => void this.flush()));
    });
  }

  private async flush(): Promise<void> {
    const waiting = this.waiting;
    this.waiting = [];
    try {
      const results = await this.answer(waiting.map(({ request }) => request));
      // One result for each request: that is what `answer` promises.
      waiting.forEach(({ resolve }, at) => resolve(results[at] as R));
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}

import process from 'node:process';

/** Who waits for the answer to one request; told once. */
export interface Asking<Q, R> {
  readonly request: Q;
  resolve(result: R): void;
  reject(error: unknown): void;
}

/* A class, and not a literal: what V8 sees survive from a literal a few hundred times, as those of a batch do when a
 * collection falls into it, it puts among the old objects from then on, and with it all that such objects lead to. */
class Promised<Q, R> implements Asking<Q, R> {
  constructor(
    readonly request: Q,
    readonly resolve: (result: R) => void,
    readonly reject: (error: unknown) => void,
  ) {}
}

/** Collects the requests of one tick, so that many callers of one moment cost one round trip. */
export class TickBatch<Q, R> {
  private waiting: Asking<Q, R>[] = [];

  /** @param answer gives the results of all requests, in their order */
  constructor(private readonly answer: (requests: readonly Q[]) => Promise<readonly R[]>) {}

  add(request: Q): Promise<R> {
    return new Promise((resolve, reject) => this.join(new Promised(request, resolve, reject)));
  }

  /** The same for who needs no promise: it is told in the order of the requests, and must not throw. */
  join(asking: Asking<Q, R>): void {
    this.waiting.push(asking);
    // After the promise callbacks of this tick, so that a caller behind an await comes along too.
    if (this.waiting.length === 1) void Promise.resolve().then(() => process.nextTick(() => void this.flush()));
  }

  private async flush(): Promise<void> {
    const waiting = this.waiting;
    this.waiting = [];
    let results: readonly R[];
    try {
      results = await this.answer(waiting.map(({ request }) => request));
    } catch (error) {
      for (const asking of waiting) asking.reject(error);
      return;
    }
    // One result for each request: that is what `answer` promises.
    for (let at = 0; at < waiting.length; at++) waiting[at]?.resolve(results[at] as R);
  }
}

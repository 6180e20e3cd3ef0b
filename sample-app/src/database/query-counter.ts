import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';

/** Counts queries: all since the start, and those of each request, so that everyone can see what a cache saves. */
@Injectable()
export class QueryCounter {
  /** Queries since the start. */
  total = 0;
  private readonly requests = new AsyncLocalStorage<{ queries: number }>();

  count(): void {
    this.total++;
    const request = this.requests.getStore();
    if (request !== undefined) request.queries++;
  }

  /** Calls `work`, and counts the queries that it starts into `request`, now and later. */
  during<Result>(request: { queries: number }, work: () => Result): Result {
    return this.requests.run(request, work);
  }
}

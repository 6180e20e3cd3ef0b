import type { ServerResponse } from 'node:http';
import { CallHandler, ExecutionContext, Injectable, NestInterceptor } from '@nestjs/common';
import { Observable, tap } from 'rxjs';
import { QueryCounter } from './query-counter.js';

/**
 * Tells each response's reader, in `x-database-queries`, how many queries the request started. Of many requests that
 * wait for one load, the first started it, and the others say 0.
 */
@Injectable()
export class QueryCounterInterceptor implements NestInterceptor {
  constructor(private readonly counter: QueryCounter) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const response = context.switchToHttp().getResponse<ServerResponse>();
    const request = { queries: 0 };
    return new Observable<unknown>((subscriber) =>
      this.counter.during(request, () => next.handle().subscribe(subscriber)),
    ).pipe(
      tap(() => {
        if (!response.headersSent) response.setHeader('x-database-queries', request.queries);
      }),
    );
  }
}

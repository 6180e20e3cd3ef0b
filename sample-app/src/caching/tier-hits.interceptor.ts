import type { ServerResponse } from 'node:http';
import { CallHandler, ExecutionContext, Injectable, NestInterceptor } from '@nestjs/common';
import { Observable, tap } from 'rxjs';
import { TierHits } from './tier-hits.js';

/** Tells each response's reader, in `x-cache-hits`, where the caches had what it took: `memory=8, redis=1`. */
@Injectable()
export class TierHitsInterceptor implements NestInterceptor {
  constructor(private readonly tiers: TierHits) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (!this.tiers.isCounting) return next.handle();
    const response = context.switchToHttp().getResponse<ServerResponse>();
    const hits = new Map<string, number>();
    return new Observable<unknown>((subscriber) =>
      this.tiers.during(hits, () => next.handle().subscribe(subscriber)),
    ).pipe(
      tap(() => {
        const text = [...hits].map(([tier, count]) => `${tier}=${count}`).join(', ');
        if (!response.headersSent) response.setHeader('x-cache-hits', text || 'none');
      }),
    );
  }
}

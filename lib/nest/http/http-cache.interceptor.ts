import {
  Inject,
  Injectable,
  Optional,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Observable } from 'rxjs';
import { HTTP_RUNTIME_TOKEN } from '../operations/tokens.js';
import { claim, claimOf } from './claim.js';
import type { HttpRequest } from './http-message.js';
import type { HttpRoute } from './http-route.js';
import { isHttpRuntime } from './http-runtime.js';

/**
 * Moves the place where routes with `@HttpCache` are looked up to where it stands among the interceptors: those inside of
 * it run with the handler only, those outside of it on every request. Put first, of all or of a controller, a hit runs no
 * other. Routes without `@HttpCache`, and everything that is not HTTP, it passes through.
 *
 * Interceptors outside of it, or of a route that is looked up without it, get `undefined` for a request that is answered
 * from the cache; what they make of that is not sent.
 */
@Injectable()
export class HttpCacheInterceptor implements NestInterceptor {
  constructor(@Optional() @Inject(HTTP_RUNTIME_TOKEN) private readonly runtime?: unknown) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const route = this.routeOf(context);
    const http = context.switchToHttp();
    const request = http.getRequest<HttpRequest>();
    if (route === undefined || claimOf(request) !== undefined) return next.handle();
    return new Observable((subscriber) => {
      const taken = claim(request);
      let hasEnded = false;
      const end = (tell: () => void): void => {
        hasEnded = true;
        tell();
      };
      const exchange = route.serve(request, http.getResponse(), {
        proceed: () => {
          if (subscriber.closed) {
            taken.exchange?.abandon();
            return;
          }
          const inner = next.handle().subscribe({
            next: (value) => subscriber.next(value),
            error: (error: unknown) => end(() => subscriber.error(error)),
            complete: () => end(() => subscriber.complete()),
          });
          subscriber.add(inner);
        },
        done: () =>
          end(() => {
            subscriber.next(undefined);
            subscriber.complete();
          }),
        fail: (error) => end(() => subscriber.error(error)),
      });
      taken.exchange = exchange;
      return () => {
        // Somebody outside does not want it any more: a timeout, or a client that has gone.
        if (!hasEnded) exchange?.abandon();
      };
    });
  }

  private routeOf(context: ExecutionContext): HttpRoute | undefined {
    if (!isHttpRuntime(this.runtime)) return undefined;
    return this.runtime.routeOfHandler(context.getClass().prototype as object, context.getHandler());
  }
}

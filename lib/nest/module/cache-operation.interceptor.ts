import {
  Inject,
  Injectable,
  Optional,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { Observable } from 'rxjs';
import { recordsOf, type MethodRecord } from '../operations/metadata.js';
import { isRuntimeHolder, type RuntimeHolder } from '../calls/runtime-holder.js';
import { RUNTIME_TOKEN } from '../operations/tokens.js';

/**
 * Runs the cache operations of handlers that no wrapper serves: those of a class one cannot edit, decorated from outside
 * by calling the decorator on its prototype. Their functions get what the pipeline gives to handlers: request, response
 * and next for HTTP, payload and context for messages.
 *
 * Every other handler passes through untouched: a decorated method looks itself up, so that one call is one lookup.
 */
@Injectable()
export class CacheOperationInterceptor implements NestInterceptor {
  constructor(@Optional() @Inject(RUNTIME_TOKEN) private readonly holder?: RuntimeHolder) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const prototype = context.getClass().prototype as object;
    const record = unwrappedRecord(prototype, context.getHandler());
    if (record === undefined || !isRuntimeHolder(this.holder) || this.holder.runtime.closed) return next.handle();
    return this.holder.runtime.handlerOf(prototype, record).around(context.getArgs(), () => next.handle());
  }
}

/** The record of a handler that is still the method itself, with nothing of ours in its place. */
function unwrappedRecord(prototype: object, handler: unknown): MethodRecord | undefined {
  return recordsOf(prototype).find(({ original }) => original === handler);
}

import { Controller, type MessageEvent, OnModuleDestroy, Query, Sse } from '@nestjs/common';
import { type CacheEvent, CacheRegistry } from 'nestjs-strata';
import { filter, map, type Observable, Subject, takeUntil } from 'rxjs';
import { type EventFilter, EventFilterPipe } from './event-filter.pipe.js';

@Controller('events')
export class EventsController implements OnModuleDestroy {
  private readonly closing = new Subject<void>();

  constructor(private readonly registry: CacheRegistry) {}

  /** What the caches do, while it happens. What nobody reads is not even made. */
  @Sse()
  events(@Query(EventFilterPipe) { caches, types }: EventFilter): Observable<MessageEvent> {
    return this.registry.events$.ofType(...types).pipe(
      filter((event) => caches?.has(event.cache) ?? true),
      map((event) => ({ data: readable(event) })),
      takeUntil(this.closing),
    );
  }

  /** The server waits for open responses, and this one would never end by itself. */
  onModuleDestroy(): void {
    this.closing.next();
  }
}

/** Without the value, which may be large, and with the error as text. */
function readable({ value: _value, error, ...event }: CacheEvent): object {
  return error === undefined ? event : { ...event, error: error instanceof Error ? error.message : String(error) };
}

import type { ServerResponse } from 'node:http';
import { Controller, Get, Header, OnModuleDestroy, Query, Res } from '@nestjs/common';
import { type CacheEvent, CacheRegistry, eventBatches } from 'nestjs-strata';
import { filter, fromEvent, merge, Subject, takeUntil } from 'rxjs';
import { type EventFilter, EventFilterPipe } from './event-filter.pipe.js';

/** How many events wait for a reader who is slower than they come. */
const MAX_WAITING = 1_000;

@Controller('events')
export class EventsController implements OnModuleDestroy {
  private readonly closing = new Subject<void>();

  constructor(private readonly registry: CacheRegistry) {}

  /**
   * What the caches do, while it happens, as server-sent events. What nobody reads is not even made. Nest asks for the next
   * piece when the connection has taken the one before; a slow reader is told how many events it missed.
   */
  @Get()
  @Header('content-type', 'text/event-stream')
  @Header('cache-control', 'no-store, no-transform')
  async *events(
    @Query(EventFilterPipe) { caches, types }: EventFilter,
    @Res({ passthrough: true }) response: ServerResponse,
  ): AsyncGenerator<string> {
    const events$ = this.registry.events$.ofType(...types).pipe(
      filter((event) => caches?.has(event.cache) ?? true),
      takeUntil(merge(this.closing, fromEvent(response, 'close'))),
    );
    const batches = eventBatches(events$, { limit: MAX_WAITING });
    // A comment, which lets the reader know that somebody listens.
    yield ': listening\n\n';
    for await (const { events, missed } of batches) {
      yield [...(missed > 0 ? [`event: missed\ndata: ${missed}\n\n`] : []), ...events.map(message)].join('');
    }
  }

  /** The server waits for open responses, and this one would never end by itself. */
  onModuleDestroy(): void {
    this.closing.next();
  }
}

/** Without the value, which may be large, and with the error as text. */
function message({ value: _value, error, ...event }: CacheEvent): string {
  const told =
    error === undefined ? event : { ...event, error: error instanceof Error ? error.message : String(error) };
  return `data: ${JSON.stringify(told)}\n\n`;
}

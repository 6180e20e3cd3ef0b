import type { ServerResponse } from 'node:http';
import { EventBuffer, type CacheEvent, type CacheEventType, type Cancel, type Clock } from '../../core/index.js';
import { eventLine } from './event-line.js';
import type { Sampler } from './sampler.js';
import type { CacheState, EventLines, Hello, KeyLabel, Sample, Tick } from './wire.js';

/** How many events wait for a reader. */
const MAX_WAITING = 250;
/** How long they wait for others to go with them. */
const BATCH_MS = 200;

/** Then its reader opens another, and the guards are asked again: a session may have ended. */
const LIFETIME_MS = 900_000;

/** Which events a reader wants. */
export interface EventFilter {
  /** `undefined`: of every cache. */
  readonly cache: string | undefined;
  /** `undefined`: of every type. */
  readonly types: readonly CacheEventType[] | undefined;
  /** A part of the text of their key, their group or their pattern; `''` is any. */
  readonly search: string;
}

/** `events$` of a cache of either kind, or of the registry. */
export interface EventsToFollow {
  subscribe(next: (event: CacheEvent) => void, wants?: (type: string) => boolean): { unsubscribe(): void };
  ofType?(...types: readonly CacheEventType[]): EventsToFollow;
}

/** What a {@link LiveStream} is made of. */
export interface LiveStreamParts {
  readonly response: ServerResponse;
  readonly clock: Clock;
  readonly sampler: Sampler;
  readonly textOfKey: (cache: string, key: unknown) => string;
  readonly labelOfKey: (cache: string, key: unknown) => KeyLabel;
}

/**
 * What one reader sees happen, as server-sent events: `hello` once, a `tick` at the end of each interval, and `events` where it asked
 * for them.
 *
 * A reader that is slower than the events costs a bound: while the connection takes nothing more, nothing is written, the
 * samples stay where they are kept anyway, and of the events the last 250 wait. The reader is told how many it missed.
 */
export class LiveStream {
  private readonly stops: (() => void)[] = [];
  private readonly waiting = new EventBuffer<CacheEvent>(MAX_WAITING);
  private cancelFlush: Cancel | undefined = undefined;
  private lastAt = 0;
  private skippedTicks = false;
  private isClosed = false;

  constructor(private readonly parts: LiveStreamParts) {}

  open(hello: Hello): void {
    const { response, sampler, clock } = this.parts;
    this.lastAt = hello.samples.at(-1)?.at ?? 0;
    response.once('close', () => this.close());
    // What a connection that breaks has to say is of no use to anybody.
    response.once('error', () => this.close());
    // Its reader left before it was here; nobody will say so again.
    if (response.destroyed) return this.close();
    this.stops.push(clock.after(LIFETIME_MS, () => this.close()));
    this.send('hello', hello);
    this.stops.push(sampler.listen((sample, changed) => this.tick(sample, changed)));
  }

  follow(events: EventsToFollow, { types, search }: EventFilter): void {
    if (this.isClosed) return;
    const { clock } = this.parts;
    const next = (event: CacheEvent): void => {
      if (search !== '' && !this.textOf(event).toLowerCase().includes(search)) return;
      this.waiting.add(event);
      this.cancelFlush ??= clock.after(BATCH_MS, () => this.flush());
    };
    const subscription = follow(events, types, next);
    this.stops.push(() => subscription.unsubscribe());
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const stop of this.stops) stop();
    this.cancelFlush?.();
    this.parts.response.end();
  }

  private tick(sample: Sample, changed: readonly CacheState[]): void {
    if (this.parts.response.writableNeedDrain) {
      this.skippedTicks = true;
      return;
    }
    const { sampler } = this.parts;
    const kept = this.skippedTicks ? sampler.history(this.lastAt) : [];
    const tick: Tick = {
      samples: kept.length > 0 ? kept : [sample],
      caches: this.skippedTicks ? sampler.states() : changed,
    };
    this.skippedTicks = false;
    this.lastAt = sample.at;
    this.send('tick', tick);
  }

  private textOf({ cache, key, group, pattern }: CacheEvent): string {
    return key === undefined ? (group ?? pattern ?? '') : this.parts.textOfKey(cache, key);
  }

  private flush(): void {
    const { response, clock, labelOfKey } = this.parts;
    this.cancelFlush = undefined;
    if (response.writableNeedDrain) {
      this.cancelFlush = clock.after(BATCH_MS, () => this.flush());
      return;
    }
    const { events, missed } = this.waiting.take();
    this.send('events', { events: events.map((event) => eventLine(event, labelOfKey)), missed });
  }

  private send(event: string, message: Hello | Tick | EventLines): void {
    if (!this.isClosed) this.parts.response.write(`event: ${event}\ndata: ${JSON.stringify(message)}\n\n`);
  }
}

/** Where it can be said which types matter, no others are made. */
function follow(
  events: EventsToFollow,
  types: readonly CacheEventType[] | undefined,
  next: (event: CacheEvent) => void,
): { unsubscribe(): void } {
  if (types === undefined) return events.subscribe(next);
  if (events.ofType !== undefined) return events.ofType(...types).subscribe(next);
  const wanted: ReadonlySet<string> = new Set(types);
  return events.subscribe(
    (event) => {
      if (wanted.has(event.type)) next(event);
    },
    (type) => wanted.has(type),
  );
}

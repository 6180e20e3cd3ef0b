import { Emitter, type CacheEvent, type Clock } from '../../core/index.js';

/** What is told of work in the background. */
export type BackgroundNews = CacheEvent & { readonly type: 'snapshot' | 'restore' | 'warm' };

/** The same without what every piece of news has. */
export type OwnNews = Pick<CacheEvent, 'cause' | 'progress' | 'error' | 'durationMs'>;

/** What a cache does by itself: tells it, and knows what has not ended. */
export class WorkNews {
  /** For whoever logs it: hearing this makes the cache build no events. */
  readonly told = new Emitter<BackgroundNews>();
  private readonly lasting = new Map<string, BackgroundNews>();

  constructor(
    private readonly cache: string,
    private readonly clock: Pick<Clock, 'epochMs'>,
  ) {}

  /** The last that was told of each piece of work that has not ended. */
  get running(): readonly BackgroundNews[] {
    return [...this.lasting.values()];
  }

  /** @param label tells apart what may run at the same time */
  tell(type: BackgroundNews['type'], news: OwnNews, label = ''): void {
    const told = { ...news, type, cache: this.cache, at: this.clock.epochMs() };
    const work = `${type} ${label}`;
    if (news.cause === 'end' || news.cause === 'failure') this.lasting.delete(work);
    else this.lasting.set(work, told);
    this.told.emit(told);
  }
}

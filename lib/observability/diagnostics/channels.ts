import { channel, tracingChannel, type Channel } from 'node:diagnostics_channel';
import type { CacheRegistry, Instrument, InstrumentedLoad } from '../../cache/index.js';
import { CACHE_EVENT_TYPES, type CacheEventType } from '../../core/index.js';

/** The channel of a type of event: `nestjs-strata:evict`. */
export function channelOf(type: CacheEventType): string {
  return `nestjs-strata:${type}`;
}

/** What the channels of loads are told of; the same object for each of one load. */
export interface LoadMessage extends InstrumentedLoad {
  /** Set when the loader has ended. */
  result?: unknown;
  error?: unknown;
}

/**
 * Publishes what happens in every cache on channels of `node:diagnostics_channel`: each event on that of its type, and
 * the runs of loaders on the tracing channels `tracing:nestjs-strata:load:start`, `:end`, `:asyncStart`, `:asyncEnd` and
 * `:error`. What nobody subscribed to is not made. Returns what ends that.
 */
export function publishDiagnostics(caches: CacheRegistry): () => void {
  const channels = new Map<CacheEventType, Channel>(CACHE_EVENT_TYPES.map((type) => [type, channel(channelOf(type))]));
  const subscription = caches.events$
    .wanted((type) => channels.get(type)?.hasSubscribers === true)
    .subscribe((event) => channels.get(event.type)?.publish(event));
  const stop = caches.instrument(new LoadTracing());
  return () => {
    subscription.unsubscribe();
    stop();
  };
}

class LoadTracing implements Instrument {
  private readonly channels = tracingChannel<unknown, LoadMessage>('nestjs-strata:load');

  aroundLoad<R>(load: InstrumentedLoad, proceed: () => R): R {
    const { start, end, asyncStart, asyncEnd, error } = this.channels;
    if (![start, end, asyncStart, asyncEnd, error].some(({ hasSubscribers }) => hasSubscribers)) return proceed();
    const message: LoadMessage = { ...load };
    const settle = (outcome: Pick<LoadMessage, 'result' | 'error'>): void => {
      Object.assign(message, outcome);
      if ('error' in outcome) error.publish(message);
      asyncStart.publish(message);
      asyncEnd.publish(message);
    };
    return start.runStores(message, () => {
      try {
        const result = proceed();
        if (result instanceof Promise) {
          result.then(
            (value: unknown) => settle({ result: value }),
            (reason: unknown) => settle({ error: reason }),
          );
        } else {
          message.result = result;
        }
        return result;
      } catch (thrown) {
        message.error = thrown;
        error.publish(message);
        throw thrown;
      } finally {
        end.publish(message);
      }
    });
  }
}

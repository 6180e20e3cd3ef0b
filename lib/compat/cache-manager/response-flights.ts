import { createCache, defineCache, type ClosableCache } from '../../cache/index.js';
import type { ManagerSettings } from './cache-manager.options.js';
import type { ReplyRecord } from './reply-record.js';

/** How the call of a handler ended, or what was kept of an earlier one. */
export type Outcome =
  | { readonly kind: 'hit'; readonly value: unknown; readonly record: ReplyRecord | undefined }
  | {
      readonly kind: 'ran';
      readonly value: unknown;
      readonly record: ReplyRecord | undefined;
      /** Whether those who asked meanwhile may have the same answer. */
      readonly isShareable: boolean;
    }
  | { readonly kind: 'failed'; readonly error: unknown };

/** The calls of handlers that are running, one for each key. */
export class ResponseFlights {
  private readonly flights: ClosableCache<string, Outcome>;

  constructor({ clock, cacheId }: ManagerSettings) {
    const keepsNothing = { ttl: 0, maxSize: 1, tiers: [], bus: false } as const;
    this.flights = createCache(defineCache<string, Outcome>(`responses ${cacheId}`, keepsNothing), { clock });
  }

  /** The outcome of the call that runs under this key; of this one, where none does. */
  run(key: string, call: () => Promise<Outcome>): Promise<Outcome> {
    return this.flights.getOrLoad(key, call);
  }

  /** Newcomers do not join the calls of these keys any more; of all without keys. */
  outdate(keys: readonly string[] | undefined): void {
    void (keys === undefined ? this.flights.clear() : this.flights.invalidateAll(keys));
  }
}

import { CacheLoadTimeoutError, type Cancel, type Clock } from '../core/index.js';

/** What of a flight its callers wait for. */
interface Boarded<K, V> {
  readonly key: K;
  readonly promise: Promise<V>;
  company: Company<K, V> | undefined;
  leave(): void;
}

/**
 * Callers of one flight who came in the same millisecond with the same limit. Their waits end alike, so they get one
 * promise and one timer: the flight's outcome, or after the limit an error, when all of them leave the flight. The limit
 * counts from the first of them, so that it passes for the others up to a millisecond early.
 */
export class Company<K, V> {
  readonly promise: Promise<V>;
  private members = 0;
  private isOver = false;

  private constructor(
    flight: Boarded<K, V>,
    private readonly limitMs: number,
    private readonly sinceMs: number,
    clock: Clock,
    cache: string,
  ) {
    this.promise = new Promise<V>((resolve, reject) => {
      const cancelTimer: Cancel = clock.after(limitMs, () => {
        this.isOver = true;
        reject(new CacheLoadTimeoutError(cache, flight.key, limitMs));
        for (let left = this.members; left > 0; left--) flight.leave();
      });
      const end = (): void => {
        this.isOver = true;
        cancelTimer();
      };
      flight.promise.then(
        (value) => {
          end();
          resolve(value);
        },
        (error: unknown) => {
          end();
          reject(error);
        },
      );
    });
  }

  /** The company of a caller who has entered the flight at this moment: the one that came last, if it is the same. */
  static promiseOf<K, V>(flight: Boarded<K, V>, limitMs: number, clock: Clock, cache: string): Promise<V> {
    const nowMs = Math.floor(clock.now());
    let { company } = flight;
    if (company === undefined || company.isOver || company.limitMs !== limitMs || company.sinceMs !== nowMs) {
      flight.company = company = new Company(flight, limitMs, nowMs, clock, cache);
    }
    company.members++;
    return company.promise;
  }
}

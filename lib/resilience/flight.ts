import type { Fence } from './change-log.js';
import type { Company } from './company.js';

/** One running load. All callers that come meanwhile share its promise. */
export class Flight<K, V> {
  /** What every caller of this flight gets. A rejection that nobody waits for is nobody's error. */
  readonly promise: Promise<V>;
  /** It took too long: nobody joins it, and its result is not stored. */
  abandoned = false;
  /** Its result passed the fence: nothing newer stood against it when it was stored. */
  confirmed = false;
  /** Called when the last caller that waited has gone. */
  onDeserted: (() => void) | undefined = undefined;
  /** Those of its callers who came last with a limit, for the next of them. */
  company: Company<K, V> | undefined = undefined;
  private waiters = 0;
  private settle!: { readonly resolve: (value: unknown) => void; readonly reject: (error: unknown) => void };
  /** The flights whose results this flight's loader waits for at the moment. */
  private waitsFor: Set<Flight<unknown, unknown>> | undefined = undefined;

  constructor(
    readonly index: unknown,
    readonly key: K,
    /** Opened before the load begins; anew where that has had to wait for its turn. */
    public fence: Fence,
    /** The groups that are known before the load ends. */
    readonly groups: readonly string[],
  ) {
    this.promise = new Promise<V>((resolve, reject) => {
      // Set before the constructor returns: an executor runs at once. Only resolve() below hands in values.
      this.settle = { resolve: resolve as (value: unknown) => void, reject };
    });
    this.promise.catch(() => {});
  }

  resolve(value: V | Promise<V>): void {
    this.settle.resolve(value);
  }

  reject(error: unknown): void {
    this.settle.reject(error);
  }

  /** A caller waits for the result. */
  enter(): void {
    this.waiters++;
  }

  /** A caller that waited has gone, without anything, before the result came. */
  leave(): void {
    if (--this.waiters === 0) this.onDeserted?.();
  }

  get isDeserted(): boolean {
    return this.waiters === 0;
  }

  /** Notes that this flight's loader waits for `other`, until that settles. */
  waitFor(other: Flight<unknown, unknown>): void {
    const waitsFor = (this.waitsFor ??= new Set());
    waitsFor.add(other);
    const done = (): void => void waitsFor.delete(other);
    other.promise.then(done, done);
  }

  /** Whether this flight ends only after `other` has: whoever joins it in the course of `other` waits for ever. */
  dependsOn(other: Flight<unknown, unknown>): boolean {
    const seen = new Set<Flight<unknown, unknown>>();
    const pending: Flight<unknown, unknown>[] = [this as Flight<unknown, unknown>];
    for (let flight = pending.pop(); flight !== undefined; flight = pending.pop()) {
      if (flight === other) return true;
      if (seen.has(flight)) continue;
      seen.add(flight);
      if (flight.waitsFor !== undefined) pending.push(...flight.waitsFor);
    }
    return false;
  }
}

/** The running loads, at most one for each index. */
export class FlightTable<K, V> {
  private readonly flights = new Map<unknown, Flight<K, V>>();

  get size(): number {
    return this.flights.size;
  }

  get(index: unknown): Flight<K, V> | undefined {
    return this.flights.get(index);
  }

  /** Makes a flight the one that newcomers join, in place of an outdated one. */
  take(flight: Flight<K, V>): void {
    this.flights.set(flight.index, flight);
  }

  /** Ends a flight's stay, unless another has taken its place. */
  leave(flight: Flight<K, V>): void {
    if (this.flights.get(flight.index) === flight) this.flights.delete(flight.index);
  }

  [Symbol.iterator](): Iterator<Flight<K, V>> {
    return this.flights.values();
  }

  /** Settles when all flights of this moment have. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.flights.values()].map((flight) => flight.promise));
  }
}

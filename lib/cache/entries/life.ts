import { COARSE_MARGIN_MS, type Clock, type Random } from '../../core/index.js';
import type { RefreshAhead } from '../api/cache.options.js';

/** XFetch draws `-ln(random)`; above this it comes up once in half a billion times, and is left out. */
const LARGEST_DRAW = 20;

/** What the stages of an entry follow from. */
export interface Staging {
  readonly refreshAhead: RefreshAhead | undefined;
  readonly revalidateMs: number;
  readonly ifErrorMs: number;
}

/*
 * The stages of an entry that is more than "there until it expires":
 *
 *   written ── refreshFrom ── freshUntil ── revalidateUntil, ifErrorUntil
 *   fresh      fresh, loaded    stale: served at once while it is loaded anew, until revalidateUntil;
 *              anew behind             in the place of a failed or late load, until ifErrorUntil
 *
 * All limits are counted from the write and never move, however often loads fail. What a failure moves is the time until
 * which the loader rests, counted from that failure.
 */
export class Life {
  private freshUntilMs = 0;
  private revalidateUntilMs = 0;
  private ifErrorUntilMs = 0;
  private refreshFromMs = 0;
  private restUntilMs = -Infinity;
  private readonly xfetchMs: number;

  /** @param loadMs how long the load took */
  constructor(
    writtenMs: number,
    ttlMs: number,
    /** What its stages follow from, those of a new start too. */
    readonly staging: Staging,
    loadMs: number,
    xfetchMs = typeof staging.refreshAhead === 'object' ? staging.refreshAhead.beta * loadMs : 0,
  ) {
    this.xfetchMs = xfetchMs;
    this.start(writtenMs, ttlMs);
  }

  /** Begins anew, as if it had just been written. */
  start(nowMs: number, ttlMs: number): void {
    const { refreshAhead, revalidateMs, ifErrorMs } = this.staging;
    this.freshUntilMs = nowMs + ttlMs;
    this.revalidateUntilMs = this.freshUntilMs + revalidateMs;
    this.ifErrorUntilMs = this.freshUntilMs + ifErrorMs;
    this.refreshFromMs =
      typeof refreshAhead === 'number'
        ? nowMs + ttlMs * refreshAhead
        : this.freshUntilMs - this.xfetchMs * LARGEST_DRAW;
  }

  /** All that is known of it, in milliseconds since an instant. */
  since(ms: number): readonly number[] {
    const { freshUntilMs, revalidateUntilMs, ifErrorUntilMs, refreshFromMs, restUntilMs } = this;
    const instants = [freshUntilMs, revalidateUntilMs, ifErrorUntilMs, refreshFromMs, restUntilMs];
    return [...instants.map((instant) => instant - ms), this.xfetchMs];
  }

  /** What {@link since} told of an entry, on another clock. */
  static resumed(told: readonly number[], ms: number, staging: Staging): Life {
    const [fresh = 0, revalidate = 0, ifError = 0, refreshFrom = 0, rest = -Infinity, xfetchMs = 0] = told;
    const life = new Life(ms, 0, staging, 0, xfetchMs);
    life.freshUntilMs = ms + fresh;
    life.revalidateUntilMs = ms + revalidate;
    life.ifErrorUntilMs = ms + ifError;
    life.refreshFromMs = ms + refreshFrom;
    life.restUntilMs = ms + rest;
    return life;
  }

  /** How long after its ttl the value is of any use. */
  get staleMs(): number {
    return staleMs(this.staging);
  }

  /** Whether a hit is more than a hit: the value is stale, or may be due to be loaded anew. */
  isDisturbed(clock: Clock): boolean {
    const untilMs = Math.min(this.refreshFromMs, this.freshUntilMs);
    return untilMs - clock.coarse() <= COARSE_MARGIN_MS && clock.now() >= untilMs;
  }

  freshLeftMs(nowMs: number): number {
    return this.freshUntilMs - nowMs;
  }

  isFresh(nowMs: number): boolean {
    return nowMs < this.freshUntilMs;
  }

  /** Whether a reader of the fresh value should have it loaded anew. */
  isDue(nowMs: number, random: Random): boolean {
    if (nowMs < this.refreshFromMs) return false;
    // XFetch: now - delta * beta * ln(random) >= expiry.
    return this.xfetchMs === 0 || nowMs - this.xfetchMs * Math.log(random()) >= this.freshUntilMs;
  }

  /** Whether the stale value is served at once. */
  mayRevalidate(nowMs: number): boolean {
    return nowMs < this.revalidateUntilMs;
  }

  /** Whether the stale value stands in for a load that failed or is late. */
  mayStandIn(nowMs: number): boolean {
    return nowMs < this.ifErrorUntilMs;
  }

  isResting(nowMs: number): boolean {
    return nowMs < this.restUntilMs;
  }

  /** A load failed: the next one not before that. */
  restUntil(ms: number): void {
    this.restUntilMs = ms;
  }

  /** Makes the value stale now; from here on it only stands in for failed loads, where it is to do that at all. */
  end(nowMs: number): void {
    this.freshUntilMs = Math.min(this.freshUntilMs, nowMs);
    this.revalidateUntilMs = this.freshUntilMs;
    if (this.staging.ifErrorMs === 0) this.ifErrorUntilMs = this.freshUntilMs;
  }
}

/** How long after its ttl the value is of any use. */
export function staleMs({ revalidateMs, ifErrorMs }: Staging): number {
  return Math.max(revalidateMs, ifErrorMs);
}

/** Whether an entry has stages at all; else it needs no {@link Life}. */
export function hasStages(staging: Staging): boolean {
  return staleMs(staging) > 0 || staging.refreshAhead !== undefined;
}

import { ShadowCache } from './shadow-cache.js';

/** The shares of the room that the window may have: 1 is LRU. */
const WINDOW_SHARES = [0.02, 0.07, 0.25, 0.6, 1] as const;
const START = 1;
/** A shadow holds one key for so many entries of the real cache, but as many as the real one up to the fewest. */
const ENTRIES_PER_KEY = 128;
const FEWEST_KEYS = 64;
const MOST_KEYS = 512;
/** How many standard deviations ahead another window has to be. */
const CONFIDENCE = 3;
/** How many more hits a request it has to give. */
const SMALLEST_GAIN = 0.002;
/** A lead counts half after so many turnovers of a shadow. */
const HALF_LIFE = 10;
const LOOKS_PER_TURNOVER = 4;

/*
 * Chooses the window by trying: for each share there is a shadow, a cache of keys only, which sees the requests for a
 * sample of the keys and is as much smaller than the real cache as the sample is smaller than all keys, so it hits about
 * as often [1].
 *
 * Of each shadow against the one whose window is in use, the lead in hits is kept, and how often one of the two hit alone;
 * both decay. A lead is believed when it is above three standard deviations, which is the square root of the latter, and
 * worth it. Then the real cache takes over that window, and counting starts anew.
 *
 * Five steps for each request in the sample, which is one in 128 requests from 8,192 entries on, more below, and one in
 * 2,000 at a million. One step a request, so that none takes much longer than others: a shadow sees a request when the next ones
 * come, all of it before the next one of the sample. 2.5 KB for 64 keys each: 13 KB in all up to 8,192 entries, 100 KB from 65,536 on.
 *
 * [1] Waldspurger, Saemundsson, Ahmad, Park. Cache modeling and optimization using miniature simulations. USENIX ATC 2017.
 */
export class WindowChooser {
  /** Made when the first of the sampled keys comes: many caches never hold one. */
  private shadows: readonly ShadowCache[] = [];
  private readonly size: number;
  /** Which hashes are sampled: those that are mixed to less than this, of 2³¹. */
  private readonly sampleBelow: number;
  private readonly leads = WINDOW_SHARES.map(() => 0);
  private readonly differences = WINDOW_SHARES.map(() => 0);
  private readonly hits = WINDOW_SHARES.map(() => 0);
  private readonly lookEvery: number;
  /** The hash of the key that was requested last, and the first of the shadows that has not seen it. */
  private requested = 0;
  private next: number = WINDOW_SHARES.length;
  private chosen = START;
  private requests = 0;
  private untilLook: number;

  /** @param entries how many entries the real cache holds */
  constructor(
    readonly entries: number,
    private readonly seed: number,
  ) {
    const size = Math.min(entries, Math.max(FEWEST_KEYS, Math.min(MOST_KEYS, Math.floor(entries / ENTRIES_PER_KEY))));
    this.size = size;
    this.sampleBelow = Math.round((size / entries) * 2 ** 31);
    this.lookEvery = Math.max(1, Math.round(size / LOOKS_PER_TURNOVER));
    // The shadows have to be full first.
    this.untilLook = size;
  }

  /** The window's share of the room. */
  get share(): number {
    return WINDOW_SHARES[this.chosen] as number;
  }

  /** Which of the windows is in use. */
  get choice(): number {
    return this.chosen;
  }

  /** Takes over what an earlier chooser found out. */
  choose(choice: number): void {
    if (choice in WINDOW_SHARES) this.chosen = choice;
  }

  samples(hash: number): boolean {
    return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 1 < this.sampleBelow;
  }

  /** Lets the shadows see a request for a key of the sample, the first one now; whether {@link share} is another now. */
  request(hash: number): boolean {
    if (this.shadows.length === 0) {
      this.shadows = WINDOW_SHARES.map((share) => new ShadowCache(this.size, share, this.seed));
    }
    let isOther = false;
    while (this.isBusy) isOther = this.step() || isOther;
    this.requested = hash;
    this.next = 0;
    return this.step() || isOther;
  }

  /** Whether there are shadows that have not seen the last request. */
  get isBusy(): boolean {
    return this.next < this.shadows.length;
  }

  /** Lets the next of them see it; whether {@link share} is another now. */
  step(): boolean {
    const at = this.next++;
    this.hits[at] = (this.shadows[at] as ShadowCache).request(this.requested) ? 1 : 0;
    return !this.isBusy && this.settle();
  }

  get bytes(): number {
    return this.shadows.reduce((bytes, shadow) => bytes + shadow.bytes, 0);
  }

  /** Counts a request that all have seen. */
  private settle(): boolean {
    const { shadows, hits, leads, differences } = this;
    const own = hits[this.chosen] as number;
    for (let at = 0; at < shadows.length; at++) {
      const lead = (hits[at] as number) - own;
      if (lead === 0) continue;
      leads[at] = (leads[at] as number) + lead;
      differences[at] = (differences[at] as number) + 1;
    }
    this.requests++;
    if (--this.untilLook > 0) return false;
    this.untilLook = this.lookEvery;
    return this.look();
  }

  private look(): boolean {
    let best = this.chosen;
    for (let at = 0; at < this.shadows.length; at++) {
      const doubt = Math.max(CONFIDENCE * Math.sqrt(this.differences[at] as number), SMALLEST_GAIN * this.requests);
      const lead = this.leads[at] as number;
      if (lead > doubt && lead > (this.leads[best] as number)) best = at;
    }
    const isOther = best !== this.chosen;
    this.chosen = best;
    this.fade(isOther ? 0 : 2 ** (-1 / (HALF_LIFE * LOOKS_PER_TURNOVER)));
    return isOther;
  }

  private fade(kept: number): void {
    for (let at = 0; at < this.shadows.length; at++) {
      this.leads[at] = (this.leads[at] as number) * kept;
      this.differences[at] = (this.differences[at] as number) * kept;
    }
    this.requests *= kept;
  }
}

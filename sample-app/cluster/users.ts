import { setTimeout as sleep } from 'node:timers/promises';
import { zipf } from '../load/random.js';

/** Berlin and others that are among the most populous, by their GeoNames numbers. */
const CITIES = [
  1_796_236, 745_044, 3_435_910, 1_275_339, 3_530_597, 1_816_670, 1_174_872, 1_792_947, 1_809_858, 2_314_302, 1_273_294,
  524_901, 1_795_565, 1_835_848, 3_448_439, 1_850_147, 1_642_911, 5_128_581, 292_968, 2_643_743, 3_936_456, 360_630,
  2_950_159, 3_117_735, 2_988_507,
];
/** More people than any city has: a real population counts as older than every edit. */
const FIRST_VERSION = 50_000_000;
const READERS = 6;
const READ_PAUSE_MS = 20;
const EDIT_PAUSE_MS = 150;

/** What users saw in one phase. */
export interface Sight {
  reads: number;
  edits: number;
  /** Answers other than 200, and none at all; reads and edits. */
  errors: number;
  /** What the first of them was. */
  firstError?: string;
  /** Of reads, in milliseconds. */
  readonly latencies: number[];
  /** Reads that showed less than what an editor had been told is done before they were sent. */
  staleReads: number;
  /** How long ago, in milliseconds, the oldest of those edits had been confirmed. */
  oldestStaleMs: number;
}

interface Edit {
  readonly version: number;
  readonly confirmedAtMs: number;
}

export function nothingSeen(): Sight {
  return { reads: 0, edits: 0, errors: 0, latencies: [], staleReads: 0, oldestStaleMs: 0 };
}

/**
 * Readers who look at cities, and an editor who gives one after the other a new population: a number that only grows, so
 * that each answer tells which edit it has seen.
 */
export class Users {
  private sight = nothingSeen();
  private readonly confirmed = new Map<number, Edit[]>();
  private version = FIRST_VERSION;
  private readonly stopped = new AbortController();
  private readonly running: Promise<void>[];

  constructor(
    private readonly address: string,
    private readonly random: () => number,
  ) {
    const pick = zipf(CITIES, random);
    this.running = [this.edit(pick), ...Array.from({ length: READERS }, () => this.read(pick))];
  }

  /** What was seen since the last call. */
  takeSight(): Sight {
    const { sight } = this;
    this.sight = nothingSeen();
    return sight;
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await Promise.allSettled(this.running);
  }

  private async read(pick: () => number): Promise<void> {
    while (!this.stopped.signal.aborted) {
      const city = pick();
      const { sight } = this;
      const sentAtMs = performance.now();
      const expected = this.confirmed.get(city)?.findLast(({ confirmedAtMs }) => confirmedAtMs <= sentAtMs)?.version;
      try {
        const response = await fetch(`${this.address}/cities/${city}`);
        const { population } = (await response.json()) as { population?: number }; // as the guide answers
        sight.latencies.push(performance.now() - sentAtMs);
        if (response.status !== 200) fail(sight, `GET: ${response.status}`);
        else if (expected !== undefined && population !== undefined && population < expected)
          this.countStale(sight, city, population, sentAtMs);
      } catch (error) {
        fail(sight, `GET: ${String(error)}`);
      }
      sight.reads++;
      await sleep(READ_PAUSE_MS * (0.5 + this.random()));
    }
  }

  private async edit(pick: () => number): Promise<void> {
    while (!this.stopped.signal.aborted) {
      const city = pick();
      const version = ++this.version;
      const { sight } = this;
      try {
        const response = await fetch(`${this.address}/cities/${city}`, {
          method: 'PUT',
          body: JSON.stringify({ population: version }),
          headers: { 'content-type': 'application/json' },
        });
        const text = await response.text();
        if (response.status === 200) this.confirm(city, { version, confirmedAtMs: performance.now() });
        else fail(sight, `PUT: ${response.status} ${text}`);
      } catch (error) {
        fail(sight, `PUT: ${String(error)}`);
      }
      sight.edits++;
      await sleep(EDIT_PAUSE_MS);
    }
  }

  private confirm(city: number, edit: Edit): void {
    const edits = this.confirmed.get(city);
    if (edits === undefined) this.confirmed.set(city, [edit]);
    else edits.push(edit);
  }

  private countStale(sight: Sight, city: number, seen: number, sentAtMs: number): void {
    const missed = this.confirmed.get(city)?.find(({ version }) => version > seen);
    if (missed === undefined) return;
    sight.staleReads++;
    sight.oldestStaleMs = Math.max(sight.oldestStaleMs, sentAtMs - missed.confirmedAtMs);
  }
}

function fail(sight: Sight, what: string): void {
  sight.errors++;
  sight.firstError ??= what;
}

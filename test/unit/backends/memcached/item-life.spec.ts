import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  entryLeftMs,
  entryLife,
  GENERATION_FLAGS,
  holdSeconds,
  LEASE_FLAGS,
  leaseSeconds,
  MAX_TTL_MS,
} from '../../../../lib/backends/memcached/item-life.js';

const THIRTY_DAYS_SECONDS = 30 * 86_400;
const DAY_MS = 86_400_000;

/** A server that counts ticks: what it says is left of an item after a while, both by true time. */
function serverSays(seconds: number, writtenAtMs: number, readAtMs: number): number | undefined {
  if (seconds === 0) return Infinity;
  const left = Math.floor(writtenAtMs / 1_000) + seconds - Math.floor(readAtMs / 1_000);
  return left > 0 ? left : undefined;
}

describe('the life of an entry', () => {
  it('is never told to be longer than it is, nor more than two seconds shorter', () => {
    const ttl = fc.oneof(fc.double({ min: 0.25, max: 100_000, noNaN: true }), fc.integer({ min: 1, max: MAX_TTL_MS }));
    const hold = fc.integer({ min: 0, max: 8_191 });
    fc.assert(
      fc.property(ttl, hold, fc.nat({ max: 5_000 }), fc.nat({ max: 200_000 }), (ttlMs, holds, writtenAtMs, laterMs) => {
        const { clientFlags, seconds } = entryLife(ttlMs, holds);
        const ttlSeconds = serverSays(seconds, writtenAtMs, writtenAtMs + laterMs);
        const trueLeftMs = ttlMs - laterMs;
        if (ttlSeconds === undefined) {
          expect(trueLeftMs).toBeLessThan(1_000);
          return;
        }
        const toldMs = entryLeftMs({ code: 'VA', clientFlags, ttlSeconds }) as number;
        expect(toldMs).toBeLessThanOrEqual(trueLeftMs);
        expect(toldMs).toBeGreaterThan(trueLeftMs - 2_002);
      }),
      { numRuns: 2_000 },
    );
  });

  it('leaves the item there for as long as a fence that is taken while it lives has to hold', () => {
    const hold = holdSeconds(60_000);
    const { seconds } = entryLife(5_000, hold);

    // The entry ends after 5 s; a fence taken just before is there a minute later.
    expect(serverSays(seconds, 999, 999 + 5_000 + 60_000)).toBeGreaterThan(0);
  });

  it('may be without end', () => {
    const { clientFlags, seconds } = entryLife(Infinity, holdSeconds(60_000));

    expect(seconds).toBe(0);
    expect(entryLeftMs({ code: 'VA', clientFlags, ttlSeconds: Infinity })).toBe(Infinity);
  });

  it.each([1, 29 * DAY_MS, 30 * DAY_MS, 31 * DAY_MS, 1e15])(
    'of %d ms is never so long that the server takes it for a date',
    (ttlMs) => {
      for (const hold of [0, 61, 8_191, 100_000]) {
        expect(entryLife(ttlMs, hold).seconds).toBeGreaterThan(0);
        expect(entryLife(ttlMs, hold).seconds).toBeLessThanOrEqual(THIRTY_DAYS_SECONDS);
      }
    },
  );

  it('is known of entries alone', () => {
    for (const clientFlags of [0, undefined, GENERATION_FLAGS, LEASE_FLAGS, 1, 2 ** 32 - 1])
      expect(entryLeftMs({ code: 'VA', clientFlags, ttlSeconds: 100 })).toBe(undefined);
  });
});

describe('the hold of a fence', () => {
  it.each([
    [0.5, 2],
    [1_000, 2],
    [60_000, 61],
    [60_001, 62],
    [Infinity, 8_191],
  ])('of %d ms is %d seconds', (ttlMs, seconds) => {
    expect(holdSeconds(ttlMs)).toBe(seconds);
  });
});

describe('a lease', () => {
  it('does not end before its time, whenever in a tick it begins', () => {
    for (const startMs of [0, 1, 500, 999])
      expect(serverSays(leaseSeconds(2_000), startMs, startMs + 2_000)).toBeGreaterThan(0);
  });

  it('is never so long that the server takes it for a date', () => {
    expect(leaseSeconds(1e15)).toBe(THIRTY_DAYS_SECONDS);
  });
});

import { describe, expect, it } from '@jest/globals';
import { shareOut, type Claimant } from '../../../lib/cache/memory/memory-shares.js';

/** A cache whose hits grow evenly up to a size. */
function claimant(bytes: number, hits?: number, upToBytes = bytes, mostBytes = Infinity): Claimant {
  return {
    bytes,
    mostBytes,
    hitsWithin: (size) => (hits === undefined ? undefined : (hits * Math.min(size, upToBytes)) / upToBytes),
  };
}

function rounded(shares: readonly number[]): number[] {
  return shares.map((share) => Math.round(share));
}

describe('shareOut', () => {
  it('gives nobody anything where there is nobody', () => {
    expect(shareOut([], 100)).toEqual([]);
  });

  it('spreads evenly what nobody has a use for', () => {
    expect(rounded(shareOut([claimant(0), claimant(0)], 1_000))).toEqual([500, 500]);
  });

  it('takes nothing from one that fills what it has for others that have nothing to keep', () => {
    const [full = 0] = shareOut([claimant(900, 0), claimant(0), claimant(0)], 800);
    expect(full).toBeGreaterThan(750);
  });

  it('cuts the heaviest when nothing is known of the hits of any', () => {
    const [small = 0, large = 0, larger = 0] = shareOut([claimant(100), claimant(600), claimant(900)], 1_000);
    expect(small).toBeCloseTo(100, -1.4);
    expect(Math.abs(large - larger)).toBeLessThan(20);
    expect(small + large + larger).toBeCloseTo(1_000);
  });

  it('gives memory where it brings most hits for its bytes', () => {
    const [hot = 0, cold = 0] = shareOut([claimant(500, 1_000), claimant(500, 10)], 500);
    expect(hot).toBeGreaterThan(450);
    expect(cold).toBeGreaterThan(10);
    expect(hot + cold).toBeCloseTo(500);
  });

  it('gives one more than it has, where it would hit more, from one that would not miss it', () => {
    const [growing = 0, sated = 0] = shareOut([claimant(200, 1_000, 800), claimant(800, 1_000, 100)], 1_000);
    expect(growing).toBeGreaterThan(780);
    expect(sated).toBeGreaterThan(90);
  });

  it('sees past a plateau: a loop that just does not fit gets all of what it needs', () => {
    const loop: Claimant = { bytes: 300, mostBytes: Infinity, hitsWithin: (size) => (size >= 600 ? 10_000 : 0) };
    const [ofLoop = 0] = shareOut([loop, claimant(700, 100)], 1_000);
    expect(ofLoop).toBeGreaterThanOrEqual(600);
  });

  it('takes one that nobody knows for as good as the others on average', () => {
    const [unknown = 0, good = 0, bad = 0] = shareOut([claimant(400), claimant(400, 1_000), claimant(400, 10)], 800);
    expect(good).toBeGreaterThan(380);
    expect(unknown).toBeGreaterThan(bad);
  });

  it('gives nobody more than its own bounds allow', () => {
    expect(rounded(shareOut([claimant(10, 5, 10, 100), claimant(10, 5)], 1_000))).toEqual([100, 900]);
    expect(rounded(shareOut([claimant(10, 5, 10, 100), claimant(10, 5, 10, 50)], 1_000))).toEqual([100, 50]);
  });

  it('leaves everybody something to begin with', () => {
    const shares = shareOut([claimant(1_000, 1_000_000), claimant(0), claimant(0)], 900);
    for (const share of shares) expect(share).toBeGreaterThanOrEqual(900 / 3 / 16 - 1);
  });
});

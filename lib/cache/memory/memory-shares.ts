/** Who gets a share of the memory. */
export interface Claimant {
  /** What it takes now. */
  readonly bytes: number;
  /** What it could take at most by its own bounds. */
  readonly mostBytes: number;
  /** How many hits it would have had lately with so many bytes; `undefined` while nobody knows. */
  hitsWithin(bytes: number): number | undefined;
}

/** The memory is shared out in so many portions. */
const PORTIONS = 64;
/** A claimant has so much of an even share of the memory in any case: to begin with, and to be known at all. */
const FLOOR = 1 / 16;
/** What one takes now, and room for what the estimate of its use is short of. */
const ROOM = 1.25;

interface Share {
  readonly claimant: Claimant;
  /** More than this is of no use to it, as far as anybody knows. */
  readonly usefulBytes: number;
  /** How many hits each number of portions is worth. */
  readonly hits: readonly number[];
  bytes: number;
  portions: number;
  /** The best use of the portions that it could get next, while that is known. */
  next: Use | undefined;
}

/** So many portions for a claimant, and how many hits each of them brings. */
interface Use {
  readonly share: Share;
  readonly count: number;
  readonly gain: number;
}

/**
 * Divides memory among caches so that together they hit most: each portion goes where it brings most hits for its bytes,
 * and where only several portions together bring any (a loop that just does not fit) they go together [1]. Caches that
 * nobody knows enough of count as one that hits evenly all over what it has, as much as the others on average; so among
 * them the heaviest give first. What nobody has a use for is spread evenly among those who fill it.
 *
 * O(claimants × 64).
 *
 * [1] Qureshi, Patt. Utility-Based Cache Partitioning. MICRO 2006: the lookahead algorithm.
 */
export function shareOut(claimants: readonly Claimant[], totalBytes: number): number[] {
  if (claimants.length === 0) return [];
  const even = totalBytes / claimants.length;
  const floors = claimants.map(({ mostBytes }) => Math.min(mostBytes, even * FLOOR));
  let left = totalBytes - floors.reduce((sum, floor) => sum + floor, 0);
  const portion = left / PORTIONS;
  const density = densityOfAll(claimants);
  const shares = claimants.map((claimant, at): Share => {
    const from = floors[at] ?? 0;
    const hits = Array.from({ length: PORTIONS + 1 }, (_, count) => worth(claimant, from + count * portion, density));
    const known = claimant.hitsWithin(claimant.bytes) !== undefined;
    const usefulBytes = Math.max(from, known ? claimant.mostBytes : Math.min(claimant.bytes, claimant.mostBytes));
    return { claimant, usefulBytes, hits, bytes: from, portions: 0, next: undefined };
  });
  for (let free = PORTIONS; free > 0 && portion > 0;) {
    const best = bestUse(shares, free, portion);
    if (best === undefined) break;
    const { share, count } = best;
    const taken = Math.min(count * portion, share.usefulBytes - share.bytes);
    share.portions += count;
    share.next = undefined;
    share.bytes += taken;
    left -= taken;
    free -= count;
  }
  return spread(shares, left).map(({ bytes }) => bytes);
}

/** Hits for each byte, over all that is known. */
function densityOfAll(claimants: readonly Claimant[]): number {
  let hits = 0;
  let bytes = 0;
  for (const claimant of claimants) {
    const known = claimant.hitsWithin(claimant.bytes);
    if (known === undefined) continue;
    hits += known;
    bytes += claimant.bytes;
  }
  return hits > 0 && bytes > 0 ? hits / bytes : 1;
}

function worth(claimant: Claimant, bytes: number, density: number): number {
  return claimant.hitsWithin(bytes) ?? density * bytes;
}

/** Whose next portions bring most hits each; of equal ones the smallest share, so that the heaviest are cut. */
function bestUse(shares: readonly Share[], free: number, portion: number): Use | undefined {
  let best: Use | undefined;
  for (const share of shares) {
    // What was best of so many portions still is, unless some of them are gone.
    if (share.next === undefined || share.next.count > free) share.next = bestOf(share, free, portion);
    const { next } = share;
    if (next.gain <= 0) continue;
    const isBetter =
      best === undefined ||
      next.gain > best.gain * (1 + 1e-9) ||
      (next.gain > best.gain * (1 - 1e-9) && share.bytes < best.share.bytes);
    if (isBetter) best = next;
  }
  return best;
}

function bestOf(share: Share, free: number, portion: number): Use {
  const { hits, portions, bytes, usefulBytes } = share;
  const most = Math.min(free, Math.ceil((usefulBytes - bytes) / portion));
  const now = hits[portions] ?? 0;
  const best = { share, count: 0, gain: 0 };
  for (let count = 1; count <= most; count++) {
    const gain = ((hits[portions + count] ?? now) - now) / count;
    if (gain <= best.gain * (1 + 1e-9)) continue;
    best.count = count;
    best.gain = gain;
  }
  return best;
}

/**
 * What is left goes to those who have something to keep there, so the heaviest give; and then to all alike, as far as they
 * can take it.
 */
function spread(shares: readonly Share[], left: number): readonly Share[] {
  const rest = fill(shares, left, ({ bytes, mostBytes }) => Math.min(ROOM * bytes, mostBytes));
  fill(shares, rest, ({ mostBytes }) => mostBytes);
  return shares;
}

/** Gives all alike, each up to its limit; returns what nobody could take. */
function fill(shares: readonly Share[], given: number, limitOf: (claimant: Claimant) => number): number {
  let left = given;
  const isOpen = ({ bytes, claimant }: Share): boolean => bytes < limitOf(claimant);
  for (let open = shares.filter(isOpen); left >= 1 && open.length > 0; open = open.filter(isOpen)) {
    const each = left / open.length;
    for (const share of open) {
      const taken = Math.min(each, limitOf(share.claimant) - share.bytes);
      share.bytes += taken;
      left -= taken;
    }
  }
  return left;
}

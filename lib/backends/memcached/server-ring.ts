/*
 * Consistent hashing: each server stands at many points of a ring of 2^32, and a key belongs to the server whose point
 * comes next. Adding or removing one of n servers moves about 1/n of the keys; the others stay. With 160 points a server's
 * share is even to some ten percent. Looking up is a hash and a binary search: O(key + log points), 4 bytes per point and
 * 2 more for its server.
 *
 * Positions come from the servers' names alone: the order in which they are listed means nothing, and every process that
 * lists the same names agrees. Processes that name them differently do not, and then an invalidation by one misses what
 * another reads.
 *
 * There is no failing over: the keys of a server that is away stay its keys, and cannot be read or written. If another
 * server took them, then the first, when it is back (or was never away, and only this process could not reach it), would
 * still have what it had: entries from before the invalidations that the other server saw. A cache may miss; it may not
 * bring old values back.
 */
const POINTS_PER_SERVER = 160;

export class ServerRing {
  private readonly points: Uint32Array;
  private readonly owners: Uint16Array;

  constructor(servers: readonly string[]) {
    const points = servers.flatMap((server, owner) =>
      Array.from({ length: POINTS_PER_SERVER }, (_, i) => ({ at: hash(`${server}#${i}`), owner, server })),
    );
    // Two servers on one point: the smaller name has it, whatever the order of the list.
    points.sort((a, b) => a.at - b.at || (a.server < b.server ? -1 : 1));
    this.points = Uint32Array.from(points, ({ at }) => at);
    this.owners = Uint16Array.from(points, ({ owner }) => owner);
  }

  /** The index of the key's server in the list. */
  serverOf(key: string): number {
    const at = hash(key);
    let low = 0;
    let high = this.points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.points[middle] as number) < at) low = middle + 1;
      else high = middle;
    }
    return this.owners[low === this.points.length ? 0 : low] as number;
  }
}

/** FNV-1a with the finalizer of MurmurHash3, which spreads texts that differ in their last character only. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193);
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}

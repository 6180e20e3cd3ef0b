import type { Clock } from '../../core/index.js';
import { fenceText } from './fence-token.js';
import { entryLeftMs, placeholderSeconds } from './item-life.js';
import { MemcachedError } from './memcached-error.js';
import type { MetaReply } from './meta-replies.js';
import { getOrVivify, set, type MetaRequest } from './meta-requests.js';
import type { ServerPool } from './server-pool.js';

const NOTHING = new Uint8Array(0);

/*
 * Fences are CAS numbers. The server gives an item a new one each time it is stored, and a set or a removal can depend on
 * it, in one step of the server. The fence of a key is the CAS of the key's item: of its entry, or, where there is none, of
 * an empty placeholder that `mg … N` makes and that no read takes for an entry. What can happen between taking a fence
 * and the write that depends on it:
 *
 * - The key is removed: `md` takes the item, placeholder or not. The write finds none (NF), or one that somebody made since,
 *   with a CAS of its own (EX). Both are refused.
 * - Somebody takes a fence at the same time: `N` makes one item, and both have its CAS. The first to write wins, since that
 *   gives the item a new one; the other is refused, its key having been overwritten.
 * - A caller writes without a fence: a plain set. New CAS, refused.
 * - The item is evicted, ends, or `flush_all` comes: it is gone (NF), refused. A lost fence costs a write and never lets one
 *   through.
 * - The server is started again: it counts from 1 again, so an old CAS may come back on another item. Tokens therefore
 *   name the run of the server that they are of, and permit nothing in another.
 *
 * A placeholder stays for twice as long as the fence that made it has to hold: whoever comes within the first half shares
 * it, and has his fence for as long as he needs. Whoever comes later replaces it, and breaks the fences of before.
 */
export class FenceItems {
  constructor(
    private readonly pool: ServerPool,
    private readonly clock: Clock,
  ) {}

  /** A token for each key, which holds for so many seconds unless something happens to the key. */
  async take(keys: readonly string[], holdSeconds: number): Promise<string[]> {
    const endsAtMs = this.clock.now() + 1_000 * holdSeconds;
    const seconds = placeholderSeconds(holdSeconds);
    // Read together with sending the commands: what comes back is of that run, or nothing comes back.
    const epochs = keys.map((key) => this.pool.epochOf(key));
    const items = [...(await this.pool.replies(keys.map((key) => getOrVivify(key, seconds))))];

    const ending = keys.flatMap((key, at) => {
      const item = items[at] as MetaReply;
      return endsWithin(item, holdSeconds) ? [{ key, at, item }] : [];
    });
    for (const { key, at } of ending) epochs[at] = this.pool.epochOf(key);
    const renewed = await this.pool.replies(ending.flatMap(({ key, item }) => replacement(key, item, seconds)));
    ending.forEach(({ at }, place) => (items[at] = renewed[2 * place + 1] as MetaReply));

    return keys.map((key, at) => {
      const { cas } = items[at] as MetaReply;
      const epoch = epochs[at];
      if (cas === undefined || cas === '0' || epoch === undefined)
        throw new MemcachedError(this.pool.nameOf(key), 'gives no CAS; start it without -C, and with memory to spare');
      return fenceText({ epoch, cas, holdSeconds, endsAtMs });
    });
  }
}

/** Whether an item is left over, and goes too soon to be a fence. An entry that lives is not: it cannot be made to stay. */
function endsWithin(item: MetaReply, seconds: number): boolean {
  if (item.vivified || (item.ttlSeconds ?? Infinity) >= seconds) return false;
  return (entryLeftMs(item) ?? 0) <= 0;
}

/** Puts a new placeholder where that item still is, and asks for whatever is there then. */
function replacement(key: string, { cas = '0' }: MetaReply, seconds: number): MetaRequest[] {
  const placeholder = { bytes: NOTHING, clientFlags: 0, seconds, condition: { cas } };
  return [set(key, placeholder), getOrVivify(key, seconds)];
}

import { randomBytes } from 'node:crypto';
import { GENERATION_FLAGS } from './item-life.js';
import { MemcachedError } from './memcached-error.js';
import type { MetaReply } from './meta-replies.js';
import { getValue, set, type ItemWrite } from './meta-requests.js';
import type { ServerPool } from './server-pool.js';

/** How often a token is asked for that the server does not keep. */
const MAX_ROUNDS = 3;

/**
 * Generations: items with a random token of 64 bits, added where there is none and set anew to renew. The server keeps them
 * without a limit of time, but may evict or lose them; then the next who needs one makes another, and what recorded the old
 * one is of no use any more.
 */
export class GenerationItems {
  constructor(private readonly pool: ServerPool) {}

  /** The tokens, made where there are none. */
  async take(keys: readonly string[]): Promise<string[]> {
    const tokens = (await this.pool.replies(keys.map(getValue))).map(tokenOf);
    for (let round = 0; round < MAX_ROUNDS && tokens.includes(undefined); round++) {
      const missing = [...new Set(keys.filter((_, at) => tokens[at] === undefined))];
      // Added, so that all of several who find none take the same; what is there then and is no token is replaced.
      const condition = round === 0 ? 'absent' : 'always';
      const asked = await this.pool.replies(missing.flatMap((key) => [set(key, fresh(condition)), getValue(key)]));
      const found = new Map(missing.map((key, place) => [key, tokenOf(asked[2 * place + 1] as MetaReply)]));
      keys.forEach((key, at) => (tokens[at] ??= found.get(key)));
    }
    return tokens.map((token, at) => {
      if (token !== undefined) return token;
      const server = this.pool.nameOf(keys[at] as string);
      throw new MemcachedError(server, 'does not keep what it is given; give it more memory');
    });
  }

  async renew(keys: readonly string[]): Promise<void> {
    await this.pool.replies(keys.map((key) => set(key, fresh('always'))));
  }
}

/** The token of a generation's item; undefined where there is none. */
export function tokenOf({ clientFlags, value }: MetaReply): string | undefined {
  return clientFlags === GENERATION_FLAGS && value !== undefined ? Buffer.from(value).toString('latin1') : undefined;
}

function fresh(condition: 'always' | 'absent'): ItemWrite {
  const bytes = Buffer.from(randomBytes(8).toString('base64url'));
  return { bytes, clientFlags: GENERATION_FLAGS, seconds: 0, condition };
}

import {
  compileGlob,
  firstDefined,
  OptionProblems,
  systemClock,
  systemRandom,
  type Clock,
  type Random,
} from '../../core/index.js';
import {
  resolveTierOptions,
  type Tier,
  type TierCapabilities,
  type TierEntry,
  type TierFences,
  type TierGuard,
  type TierRead,
  type TierSettings,
  type TierWrite,
} from '../../tiers/index.js';
import { SpaceNames } from './key-layout.js';
import { keySlot } from './key-slot.js';
import { unlessError, type Argument, type Command, type Reply } from './redis-connection.js';
import { lifeLeftOf, wholeMs } from './lifetime.js';
import { RedisLink } from './redis-link.js';
import { REDIS_OPTIONS, resolveRedis, type RedisSource, type RedisTierOptions } from './redis.options.js';
import { FENCE, LEASE, READ, RELEASE, runScripts, WRITE, type Script, type ScriptCall } from './scripts.js';
import { randomToken } from './token.js';
import { readingOf, Transactions, valuesRead, writingOf, type ValuesRead } from './transactions.js';

/** How many keys one script touches at most, so that the server is never busy with it for long. */
const KEYS_PER_SCRIPT = 500;
/** How many names the server looks at for one answer of a scan. */
const NAMES_PER_SCAN = 500;
/** Larger values keep the server from everybody else for tens of milliseconds. */
const MAX_ENTRY_BYTES = 64 * 2 ** 20;
const DAY_MS = 86_400_000;
const DEFAULT_TIMEOUT_MS = 500;

/** A tier in Redis or Valkey: one server, Sentinel, or a cluster. */
export function redisTier(options: RedisTierOptions): Tier {
  const problems = new OptionProblems('redisTier');
  // Nothing stays for ever by oversight: what was invalidated by its generation has only its lifetime to end it.
  const given =
    typeof options === 'object' && options !== null
      ? { ...options, ttl: firstDefined(options.ttl, '30d' as const) }
      : options;
  const settings = resolveTierOptions(problems, given, { name: 'redis', timeoutMs: DEFAULT_TIMEOUT_MS }, REDIS_OPTIONS);
  const source = resolveRedis(problems, given, settings.guard.timeoutMs);
  problems.throwIfAny();
  return new RedisTier(settings, source, systemClock, systemRandom);
}

/**
 * Entries, fences, leases and generations are keys of their own (see `key-layout.ts`), and what must happen in one step
 * is a script (see `scripts.ts`). A fence is there only while something is computed: whatever is newer deletes it, and a
 * write that needs it finds it missing. So an invalidation of keys is one UNLINK, and nothing piles up.
 */
class RedisTier implements Tier {
  readonly name: string;
  readonly guard: TierGuard;
  readonly capabilities: TierCapabilities = {
    scope: 'shared',
    atomicFences: true,
    listsKeys: true,
    leases: true,
    maxEntryBytes: MAX_ENTRY_BYTES,
  };
  private readonly link: RedisLink;
  private report: (error: unknown) => void = () => {};
  private readonly transactions: Transactions;
  /** Generations live twice as long as any entry may, and are lengthened when half of that is left: they outlive entries. */
  private readonly generationMs: number;

  constructor(
    settings: TierSettings,
    private readonly source: RedisSource,
    clock: Clock,
    private readonly random: Random,
  ) {
    this.name = settings.name;
    this.guard = settings.guard;
    const { maxTtlMs } = settings.guard;
    this.generationMs = 2 * Math.max(30 * DAY_MS, maxTtlMs === Infinity ? 365 * DAY_MS : Math.ceil(maxTtlMs));
    this.link = new RedisLink(source, { error: (error) => this.report(error) }, clock, random);
    this.transactions = new Transactions(this.link);
  }

  start(report: (error: unknown) => void): void {
    this.report = report;
    this.source.listenToErrors(() => {});
    this.link.start();
  }

  async loadPackage(): Promise<void> {
    await this.source.connector();
  }

  async read(space: string, keys: readonly string[], generations: readonly string[]): Promise<TierRead> {
    const names = this.namesOf(space);
    const entries = new Array<TierEntry | undefined>(keys.length).fill(undefined);
    const tokens = new Array<string | undefined>(generations.length).fill(undefined);
    const batches = this.batches([
      ...keys.map((key) => names.entry(key)),
      ...generations.map((name) => names.generation(name)),
    ]);
    const read = await this.readBatches(
      batches.map(({ places, texts }) => ({
        keys: texts,
        entries: places.filter((place) => place < keys.length).length,
      })),
    );
    read.forEach(({ values, left }, at) => {
      batches[at]?.places.forEach((place, index) => {
        const bytes = values[index];
        if (bytes === null || bytes === undefined) return;
        if (place >= keys.length) tokens[place - keys.length] = bytes.toString();
        else {
          const ttlLeftMs = lifeLeftOf(left[index]);
          // It may have ended since its bytes were read.
          if (ttlLeftMs !== undefined) entries[place] = { bytes, ttlLeftMs };
        }
      });
    });
    return { entries, generations: tokens };
  }

  async fence(
    space: string,
    keys: readonly string[],
    generations: readonly string[],
    ttlMs: number,
  ): Promise<TierFences> {
    const names = this.namesOf(space);
    const tokens = new Array<string>(keys.length + generations.length);
    const batches = this.batches([
      ...keys.map((key) => names.fence(key)),
      ...generations.map((name) => names.generation(name)),
    ]);
    const lifetimes = [wholeMs(ttlMs), String(this.generationMs)];
    const replies = await this.run(
      FENCE,
      batches.map(({ places, texts }) => ({
        keys: texts,
        args: [
          String(places.filter((place) => place < keys.length).length),
          `${randomToken(this.random)}-`,
          ...lifetimes,
        ],
      })),
    );
    replies.forEach((reply, at) => {
      batches[at]?.places.forEach((place, index) => {
        tokens[place] = String((reply as readonly Reply[])[index]);
      });
    });
    return { fences: tokens.slice(0, keys.length), generations: tokens.slice(keys.length) };
  }

  async write(space: string, writes: readonly TierWrite[]): Promise<readonly boolean[]> {
    const names = this.namesOf(space);
    const stored = new Array<boolean>(writes.length).fill(false);
    const batches = this.batches(writes.map(({ key }) => names.entry(key))).map(({ places, texts }): WriteBatch => {
      const own = places.map((place) => writes[place] as TierWrite);
      const lives = own.map(({ ttlMs }) => (ttlMs === Infinity ? '' : wholeMs(ttlMs)));
      return {
        places,
        texts,
        fences: own.map(({ key }) => names.fence(key)),
        values: own.map(({ bytes }) => bufferOf(bytes)),
        lives: lives.every((each) => each === lives[0]) ? lives.slice(0, 1) : lives,
        tokens: own.some(({ fence }) => fence !== undefined)
          ? own.map(({ fence }) => (fence === undefined ? '' : fence || LOST))
          : [],
      };
    });
    if (await this.writeUnfenced(batches)) return stored.fill(true);
    const replies = await this.run(
      WRITE,
      batches.map(({ texts, fences, values, lives, tokens }) => {
        const isOfOneLife = lives.length === 1;
        const args: Argument[] = [
          isOfOneLife ? (lives[0] as string) : EACH,
          tokens.length === 0 ? '' : EACH,
          ...values,
        ];
        if (!isOfOneLife) args.push(...lives);
        return { keys: [...texts, ...fences], args: [...args, ...tokens] };
      }),
    );
    replies.forEach((reply, at) => {
      batches[at]?.places.forEach((place, index) => {
        stored[place] = (reply as readonly Reply[])[index] === 1;
      });
    });
    return stored;
  }

  async remove(space: string, keys: readonly string[]): Promise<void> {
    const names = this.namesOf(space);
    const commands = this.batches(keys.map((key) => names.entry(key))).map(({ places, texts }): Command => ({
      key: texts[0] as string,
      name: 'UNLINK',
      args: places.flatMap((place) => [names.entry(keys[place] as string), names.fence(keys[place] as string)]),
    }));
    await this.send(commands);
  }

  async renew(space: string, generations: readonly string[]): Promise<void> {
    const spaceNames = this.namesOf(space);
    const names = generations.map((generation) => spaceNames.generation(generation));
    const lifetime = String(this.generationMs);
    const replies = await this.link.send(
      names.map((name) => ({ key: name, name: 'SET', args: [name, randomToken(this.random), 'PX', lifetime] })),
    );
    // A server without memory for a new token still deletes the old one, and what records a token that is gone is a miss.
    const refused = names.filter((_, at) => isOutOfMemory(replies[at]));
    unlessError(replies.filter((reply) => !isOutOfMemory(reply)));
    await this.send(refused.map((name) => ({ key: name, name: 'DEL', args: [name] })));
  }

  async *keys(space: string, glob?: string): AsyncIterable<readonly string[]> {
    const names = this.namesOf(space);
    const matches = glob === undefined ? undefined : compileGlob(glob);
    const pattern = names.pattern(glob);
    for (const master of await this.link.masters()) {
      let cursor = '0';
      do {
        const args = [cursor, 'MATCH', pattern, 'COUNT', String(NAMES_PER_SCAN)];
        const [reply] = unlessError(await master.send([{ key: '', name: 'SCAN', args }]));
        const [next, found] = reply as [Buffer, readonly Buffer[]];
        cursor = next.toString();
        const keys = new Set<string>();
        for (const name of found) {
          const key = names.keyOf(name.toString());
          if (key !== undefined && (matches === undefined || matches(key))) keys.add(key);
        }
        if (keys.size > 0) yield [...keys];
      } while (cursor !== '0');
    }
  }

  async lease(space: string, key: string, holder: string, ttlMs: number): Promise<boolean> {
    const name = this.namesOf(space).lease(key);
    const [reply] = await this.run(LEASE, [{ keys: [name], args: [holder, wholeMs(ttlMs)] }]);
    return reply === 1;
  }

  async release(space: string, key: string, holder: string): Promise<void> {
    const name = this.namesOf(space).lease(key);
    await this.run(RELEASE, [{ keys: [name], args: [holder] }]);
  }

  async close(): Promise<void> {
    this.link.close();
  }

  /** @param batches their keys, and how many of them are entries, which come first */
  private async readBatches(
    batches: readonly { readonly keys: readonly string[]; readonly entries: number }[],
  ): Promise<readonly ValuesRead[]> {
    const count = batches.reduce((sum, { keys }) => sum + keys.length, 0);
    const read = await this.transactions.run(count, () => batches.map(({ keys, entries }) => readingOf(keys, entries)));
    if (read !== undefined) return read.map(valuesRead);
    const calls = batches.map(({ keys, entries }) => ({ keys, args: [String(entries)] }));
    return (await this.run(READ, calls)).map((reply) => valuesRead(reply as readonly Reply[]));
  }

  /** Writes what needs no fence; whether it was done. */
  private async writeUnfenced(batches: readonly WriteBatch[]): Promise<boolean> {
    const isSimple = batches.every(
      ({ tokens, lives }) => tokens.length === 0 && (lives.length === 1 || !lives.includes('')),
    );
    if (!isSimple) return false;
    const count = batches.reduce((sum, { texts }) => sum + texts.length, 0);
    const written = await this.transactions.run(count, () =>
      batches.map(({ texts, fences, values, lives }) => writingOf(fences, texts, values, lives)),
    );
    return written !== undefined;
  }

  private namesOf(space: string): SpaceNames {
    return new SpaceNames(this.source.prefix, space);
  }

  private async run(script: Script, calls: readonly Omit<ScriptCall, 'script'>[]): Promise<readonly Reply[]> {
    if (calls.length === 0) return [];
    return unlessError(
      await runScripts(
        this.link,
        calls.map((call) => ({ ...call, script })),
      ),
    );
  }

  private async send(commands: readonly Command[]): Promise<void> {
    if (commands.length > 0) unlessError(await this.link.send(commands));
  }

  /** Names that may be in one command, with their places: all on one server, those of one slot in a cluster. */
  private batches(names: readonly string[]): Batch[] {
    const batches: Batch[] = [];
    const open = new Map<number, Batch>();
    names.forEach((name, place) => {
      const slot = this.source.isCluster ? keySlot(name) : 0;
      let batch = open.get(slot);
      if (batch === undefined || batch.places.length === KEYS_PER_SCRIPT) {
        batch = { places: [], texts: [] };
        open.set(slot, batch);
        batches.push(batch);
      }
      batch.places.push(place);
      batch.texts.push(name);
    });
    return batches;
  }
}

interface Batch {
  readonly places: number[];
  readonly texts: string[];
}

interface WriteBatch extends Batch {
  readonly fences: readonly string[];
  readonly values: readonly Buffer[];
  /** One for all, or one for each. */
  readonly lives: readonly string[];
  /** What the fences must be; none where no write needs one. */
  readonly tokens: readonly string[];
}

/** That each write has one of its own. */
const EACH = 'each';

/** A token that no fence ever has. */
const LOST = 'lost';

function isOutOfMemory(reply: Reply | undefined): boolean {
  return reply instanceof Error && reply.message.startsWith('OOM');
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

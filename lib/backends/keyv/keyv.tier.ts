import { CacheMisuseError, compileGlob, systemRandom } from '../../core/index.js';
import type {
  Tier,
  TierCapabilities,
  TierEntry,
  TierFences,
  TierGuard,
  TierRead,
  TierWrite,
} from '../../tiers/index.js';
import { openKeyv } from './open-keyv.js';
import { decodeStored, encodeStored, KeyvKeys, type TextKind } from './keyv-text.js';
import {
  isKeyv,
  resolveKeyvTierOptions,
  type KeyvAdapter,
  type KeyvInstance,
  type KeyvTierOptions,
  type KeyvTierSettings,
} from './keyv.tier.options.js';

/**
 * A tier in any store that Keyv, version 5 or 6, has an adapter for. Keyv knows no condition, so it has no leases, and a
 * write is stored whatever its fence says: a value whose load began before an invalidation may come back in this tier.
 * Two nodes that create a generation at the same moment may disagree until the next read, which costs entries, never
 * correctness. What is handed in stays open: its connection is its owner's to end.
 */
export function keyvTier(store: KeyvInstance | KeyvAdapter, options: KeyvTierOptions = {}): Tier {
  return new KeyvTier(store, resolveKeyvTierOptions(store, options));
}

const KEYS_AT_ONCE = 500;

class KeyvTier implements Tier {
  readonly name: string;
  readonly guard: TierGuard;
  readonly capabilities: TierCapabilities;
  private opening: Promise<KeyvInstance> | undefined;
  private closed: Promise<void> | undefined;
  private report: (error: unknown) => void = () => {};
  /** Generations that are being created, by their keys: one creation for all who ask at once. */
  private readonly creating = new Map<string, Promise<string>>();

  constructor(
    private readonly store: KeyvInstance | KeyvAdapter,
    private readonly settings: KeyvTierSettings,
  ) {
    this.name = settings.name;
    this.guard = settings.guard;
    this.capabilities = settings.capabilities;
  }

  start(report: (error: unknown) => void): void {
    this.report = report;
    this.opening = this.open();
    this.opening.catch(report);
  }

  async read(space: string, names: readonly string[], generations: readonly string[]): Promise<TierRead> {
    const keyv = await this.keyv();
    const entryKeys = new KeyvKeys(space, 'e');
    const generationKeys = new KeyvKeys(space, 'g');
    const keys = [...names.map((name) => entryKeys.of(name)), ...generations.map((name) => generationKeys.of(name))];
    const stored = keys.length === 0 ? [] : await keyv.getMany(keys);
    const nowMs = this.settings.clock.epochMs();
    const entries = stored.slice(0, names.length).map((each): TierEntry | undefined => decodeStored(each, nowMs));
    return { entries, generations: stored.slice(names.length).map(tokenIn) };
  }

  async fence(
    space: string,
    names: readonly string[],
    generations: readonly string[],
    ttlMs: number,
  ): Promise<TierFences> {
    const keyv = await this.keyv();
    const keys = new KeyvKeys(space, 'f');
    const writes = names.map((key) => ({ key, bytes: new Uint8Array(0), ttlMs }));
    // They keep nothing out; whoever lists keys for an invalidation has to find what is being loaded.
    if (this.capabilities.listsKeys) await Promise.all(writes.map((each) => this.set(keyv, keys.of(each.key), each)));
    return {
      fences: names.map(newToken),
      generations: await Promise.all(generations.map((name) => this.generation(keyv, space, name))),
    };
  }

  async write(space: string, writes: readonly TierWrite[]): Promise<readonly boolean[]> {
    const keyv = await this.keyv();
    const keys = new KeyvKeys(space, 'e');
    const fences = new KeyvKeys(space, 'f');
    // The last of several writes of one key is the one that stays.
    const last = new Map(writes.map((write) => [write.key, write]));
    await Promise.all(
      [...last.values()].map(async (write) => {
        if (write.fence === undefined && this.capabilities.listsKeys) await keyv.delete(fences.of(write.key));
        await this.set(keyv, keys.of(write.key), write);
      }),
    );
    return writes.map(() => true);
  }

  async remove(space: string, names: readonly string[]): Promise<void> {
    const keyv = await this.keyv();
    const kinds = (this.capabilities.listsKeys ? ['e', 'f'] : ['e']) as readonly TextKind[];
    const keys = kinds.flatMap((kind) => names.map((name) => new KeyvKeys(space, kind).of(name)));
    await Promise.all(keys.map((key) => keyv.delete(key)));
  }

  async renew(space: string, generations: readonly string[]): Promise<void> {
    const keyv = await this.keyv();
    const keys = new KeyvKeys(space, 'g');
    await Promise.all(generations.map((name) => this.stored(keyv.set(keys.of(name), newToken()))));
  }

  async *keys(space: string, glob?: string): AsyncGenerator<readonly string[]> {
    const keyv = await this.keyv();
    if (!this.capabilities.listsKeys) throw this.without('listsKeys', 'keys()');
    const matches = glob === undefined ? () => true : compileGlob(glob);
    const kinds = [new KeyvKeys(space, 'e'), new KeyvKeys(space, 'f')];
    let batch: string[] = [];
    for await (const pair of this.pairs(keyv)) {
      if (!Array.isArray(pair) || typeof pair[0] !== 'string') continue;
      const key: string = pair[0];
      const name = kinds[0]?.nameIn(key) ?? kinds[1]?.nameIn(key);
      if (name === undefined || !matches(name)) continue;
      if (decodeStored(pair[1], this.settings.clock.epochMs()) === undefined) continue;
      batch.push(name);
      if (batch.length < KEYS_AT_ONCE) continue;
      yield batch;
      batch = [];
      await this.keyv();
    }
    if (batch.length > 0) yield batch;
  }

  async lease(): Promise<boolean> {
    await this.keyv();
    throw this.without('leases', 'lease()');
  }

  async release(): Promise<void> {
    await this.keyv();
    throw this.without('leases', 'release()');
  }

  close(): Promise<void> {
    return (this.closed ??= this.end());
  }

  private async end(): Promise<void> {
    const keyv = await this.opening?.catch(() => undefined);
    keyv?.off('error', this.tell);
  }

  private async open(): Promise<KeyvInstance> {
    const keyv = isKeyv(this.store) ? this.store : await openKeyv(this.store, { throwOnErrors: true }, 'keyvTier');
    keyv.on('error', this.tell);
    return keyv;
  }

  private readonly tell = (error: unknown): void => this.report(error);

  private async keyv(): Promise<KeyvInstance> {
    const { name } = this;
    if (this.opening === undefined) throw new CacheMisuseError(`the tier "${name}" is not started; call start() first`);
    if (this.closed !== undefined) throw new CacheMisuseError(`the tier "${name}" is closed; use it before close()`);
    return this.opening;
  }

  private generation(keyv: KeyvInstance, space: string, name: string): Promise<string> {
    const key = new KeyvKeys(space, 'g').of(name);
    const create = async (): Promise<string> => {
      const current = tokenIn(await keyv.get(key));
      if (current !== undefined) return current;
      const token = newToken();
      await this.stored(keyv.set(key, token));
      // Another node may have been faster, or have been between.
      return tokenIn(await keyv.get(key)) ?? token;
    };
    const creating = this.creating.get(key) ?? create().finally(() => this.creating.delete(key));
    this.creating.set(key, creating);
    return creating;
  }

  private set(keyv: KeyvInstance, key: string, { bytes, ttlMs }: Pick<TierWrite, 'bytes' | 'ttlMs'>): Promise<void> {
    const text = encodeStored(bytes, ttlMs, this.settings.clock.epochMs());
    return this.stored(keyv.set(key, text, ttlMs === Infinity ? undefined : Math.ceil(ttlMs)));
  }

  private async stored(storing: Promise<unknown>): Promise<void> {
    if ((await storing) === false) throw new Error(`the Keyv of the tier "${this.name}" did not store an entry`);
  }

  private pairs(keyv: KeyvInstance): AsyncIterable<unknown> {
    if (typeof keyv.iterator === 'function') return keyv.iterator();
    throw this.without('listsKeys', 'keys()');
  }

  private without(capability: string, call: string): CacheMisuseError {
    return new CacheMisuseError(
      `the tier "${this.name}" does not have the capability ${capability}, which ${call} needs; look at tier.capabilities`,
    );
  }
}

/** A token of 64 random bits. */
function newToken(): string {
  const half = (): string =>
    Math.floor(systemRandom() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return half() + half();
}

function tokenIn(stored: unknown): string | undefined {
  return typeof stored === 'string' ? stored : undefined;
}

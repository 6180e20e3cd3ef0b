import { scheduler } from 'node:timers/promises';
import { CacheMisuseError, compileGlob } from '../../core/index.js';
import type {
  Tier,
  TierCapabilities,
  TierEntry,
  TierFences,
  TierGuard,
  TierRead,
  TierWrite,
} from '../../tiers/index.js';
import { Changes } from './changes.js';
import { loadLmdb } from './environment.js';
import { resolveLmdbTierOptions, type LmdbTierOptions, type LmdbTierSettings } from './lmdb.tier.options.js';
import { SpaceKeys, type RecordKeys } from './record-key.js';
import { Session, type OpenFile } from './session.js';
import { Slice } from './slice.js';
import type { Step } from './transaction-queue.js';

/**
 * A tier on the disk of this host, shared by its processes and worker threads: a restart starts warm. Needs the package
 * `lmdb`. Reads take what is mapped into memory, in microseconds; writes resolve when they are committed. Killing a
 * process at any moment loses nothing that was committed.
 */
export function lmdbTier(options: LmdbTierOptions): Tier {
  return new LmdbTier(resolveLmdbTierOptions(options));
}

class LmdbTier implements Tier {
  readonly name: string;
  readonly guard: TierGuard;
  readonly capabilities: TierCapabilities;
  private readonly session: Session;

  constructor(private readonly settings: LmdbTierSettings) {
    this.name = settings.name;
    this.guard = settings.guard;
    this.capabilities = {
      scope: 'host',
      atomicFences: true,
      listsKeys: true,
      leases: true,
      maxEntryBytes: settings.maxEntryBytes,
    };
    this.session = new Session(settings);
  }

  start(report: (error: unknown) => void): void {
    this.session.start(report);
  }

  async loadPackage(): Promise<void> {
    await loadLmdb();
  }

  read(space: string, names: readonly string[], generations: readonly string[]): Promise<TierRead> {
    const keys = new SpaceKeys(space);
    return this.session.use(async ({ table }) => {
      table.refresh();
      const nowMs = this.settings.clock.epochMs();
      const tokens = generations.map((name) => table.find(keys.generations.of(name), nowMs)?.bytes.toString());
      const entries: (TierEntry | undefined)[] = [];
      await this.inSlices(names, (name) => {
        const found = table.find(keys.entries.of(name), nowMs);
        entries.push(found && { bytes: found.bytes, ttlLeftMs: found.ttlLeftMs });
      });
      return { entries, generations: tokens };
    });
  }

  async fence(
    space: string,
    names: readonly string[],
    generations: readonly string[],
    ttlMs: number,
  ): Promise<TierFences> {
    const fences: string[] = [];
    const tokens: string[] = [];
    await this.change(space, (changes) => [
      ...generations.map((name, i) => changes.generation(name, (token) => (tokens[i] = token))),
      ...names.map((name, i) => changes.fence(name, ttlMs, (token) => (fences[i] = token))),
    ]);
    return { fences, generations: tokens };
  }

  async write(space: string, writes: readonly TierWrite[]): Promise<readonly boolean[]> {
    const { maxEntryBytes } = this.capabilities;
    const tooLarge = writes.find(({ bytes }) => bytes.length > maxEntryBytes);
    if (tooLarge !== undefined) {
      const { name } = this;
      throw new CacheMisuseError(`an entry of the tier "${name}" takes ${maxEntryBytes} bytes at most; raise maxBytes`);
    }
    const stored: boolean[] = [];
    await this.change(space, (changes) =>
      writes.map((write, i) => changes.write(write, (isStored) => (stored[i] = isStored))),
    );
    return stored;
  }

  remove(space: string, names: readonly string[]): Promise<void> {
    return this.change(space, (changes) => names.map((name) => changes.remove(name)));
  }

  renew(space: string, generations: readonly string[]): Promise<void> {
    return this.change(space, (changes) => generations.map((name) => changes.renew(name)));
  }

  async *keys(space: string, glob?: string): AsyncGenerator<readonly string[]> {
    const matches = glob === undefined ? undefined : compileGlob(glob);
    const { entries, fences } = new SpaceKeys(space);
    for (const kind of [entries, fences]) yield* this.keysOf(kind, matches);
  }

  async lease(space: string, name: string, holder: string, ttlMs: number): Promise<boolean> {
    let held = false;
    await this.change(space, (changes) => [changes.lease(name, holder, ttlMs, (isHeld) => (held = isHeld))]);
    return held;
  }

  release(space: string, name: string, holder: string): Promise<void> {
    return this.change(space, (changes) => [changes.release(name, holder)]);
  }

  close(): Promise<void> {
    return this.session.close();
  }

  private async change(space: string, steps: (changes: Changes) => readonly Step[]): Promise<void> {
    await this.session.use(({ table, queue }) =>
      queue.run(steps(new Changes(table, new SpaceKeys(space), this.settings.clock))),
    );
  }

  /** A batch at a time: between two of them the event loop has its turn, and the file may change. */
  private async *keysOf(keys: RecordKeys, matches?: (name: string) => boolean): AsyncGenerator<readonly string[]> {
    let after: Buffer | undefined = keys.prefix;
    while (after !== undefined) {
      const start: Buffer = after;
      const batch = await this.session.use(({ table }: OpenFile) => {
        table.refresh();
        return table.list(keys, start, this.settings.clock.epochMs());
      });
      after = batch.next;
      const names = matches === undefined ? batch.names : batch.names.filter(matches);
      if (names.length > 0) yield names;
      if (after !== undefined) await scheduler.yield();
    }
  }

  private async inSlices<T>(all: readonly T[], work: (one: T) => void): Promise<void> {
    let slice = new Slice(this.settings.clock);
    for (const one of all) {
      if (!slice.lasts()) {
        await scheduler.yield();
        slice = new Slice(this.settings.clock);
      }
      slice.spend();
      work(one);
    }
  }
}

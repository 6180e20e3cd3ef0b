import type { BusLink, Change } from '../resilience/index.js';
import type { KeyCodec } from './key-codec.js';
import type { LowerTiers } from './lower-tiers.js';
import { TickBatch } from './tick-batch.js';

/** How many names go to a tier, or into one message, at once. */
const NAMES_AT_ONCE = 500;

/**
 * Carries a change of this node to the tiers below and to the other nodes. It comes in after the change was made in
 * memory, and makes it there once more when the tiers have it (`again`): what was read from a tier in between is
 * outdated, and must not stay.
 *
 * The other nodes hear of it when the tiers have it, so that they do not read there what was just invalidated. Where a
 * tier could not take it, it is done later, and then they hear that all of this cache may be outdated.
 */
export class Spread<K, V> {
  private isOwed = false;
  /** Those of one tick are one message. */
  private readonly puts = new TickBatch<string, void>(async (names) => {
    for (let from = 0; from < names.length; from += NAMES_AT_ONCE) {
      await this.tell({ kind: 'keys', names: names.slice(from, from + NAMES_AT_ONCE) });
    }
    return names.map(() => undefined);
  });

  constructor(
    private readonly codec: KeyCodec<K>,
    private readonly space: string,
    private readonly lower: LowerTiers<V> | undefined,
    private readonly bus: BusLink | undefined,
    /** Told of each change that the other nodes are told of. */
    private readonly announced: () => void = () => {},
  ) {}

  /** @param again makes the change in memory */
  async keys(
    indexes: readonly unknown[],
    again: (index: unknown) => void,
    kind: 'keys' | 'expire' = 'keys',
  ): Promise<void> {
    const names = indexes.flatMap((index) => this.codec.nameOf(index) ?? []);
    for (let from = 0; from < names.length; from += NAMES_AT_ONCE) {
      const some = names.slice(from, from + NAMES_AT_ONCE);
      const done = await this.lower?.remove(some);
      for (const index of indexes.slice(from, from + NAMES_AT_ONCE)) again(index);
      await this.announce(done, { kind, names: some });
    }
  }

  /** A caller's write, which the tiers have already, or will have: then whoever reads there until then has outdated entries. */
  put(index: unknown): Promise<void> | undefined {
    const name = this.codec.nameOf(index);
    if (name === undefined) return undefined;
    if (this.lower?.tiers.some((tier) => tier.isWaitedFor(name)) === true) this.isOwed = true;
    return this.bus === undefined ? undefined : this.puts.add(name);
  }

  async group(group: string, again: () => void): Promise<void> {
    const done = await this.lower?.renewGroup(group);
    again();
    await this.announce(done, { kind: 'group', group });
  }

  async all(again: () => void): Promise<void> {
    const done = await this.lower?.renewWhole();
    again();
    await this.announce(done, { kind: 'all' });
  }

  /**
   * @param glob where the pattern is one: others cannot be handed to another node, which then clears its memory
   * @param matches by the name
   */
  async matching(glob: string | undefined, matches: (name: string) => boolean, again: () => void): Promise<void> {
    const done = await this.removeMatching(glob, matches);
    again();
    await this.announce(done, glob === undefined ? { kind: 'all' } : { kind: 'glob', glob });
  }

  /** What a tier could not take before is done now: whoever read there meanwhile has outdated entries. */
  recovered(): void {
    if (!this.isOwed) return;
    this.isOwed = false;
    void this.tell({ kind: 'all' });
  }

  private async removeMatching(
    glob: string | undefined,
    matches: (name: string) => boolean,
  ): Promise<boolean | undefined> {
    const done = this.lower?.tiers.map((tier) =>
      // Without a list of the keys everything goes: too much is safe, too little is not.
      tier.capabilities.listsKeys ? tier.removeMatching(glob, matches) : tier.renewWhole(),
    );
    return done === undefined ? undefined : (await Promise.all(done)).every(Boolean);
  }

  private async announce(done: boolean | undefined, change: Change): Promise<void> {
    if (done === false) this.isOwed = true;
    else await this.tell(change);
  }

  private async tell(change: Change): Promise<void> {
    if (this.bus === undefined) return;
    this.announced();
    await this.bus.announce(this.space, change);
  }
}

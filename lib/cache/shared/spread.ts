import type { BusLink, Change } from '../../resilience/index.js';
import type { KeyCodec } from '../keys/key-codec.js';
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
 * tier could not take it, they hear of it all the same, for that tier may be none of theirs, or out of order for long; and
 * when it is done there they hear that all of this cache may be outdated.
 */
export class Spread<K, V> {
  private isOwed = false;
  /** Those of one tick are one message. */
  private readonly puts = new TickBatch<string, void>(async (put) => {
    const names = [...new Set(put)];
    for (let from = 0; from < names.length; from += NAMES_AT_ONCE) {
      await this.tell({ kind: 'put', names: names.slice(from, from + NAMES_AT_ONCE) });
    }
    return put.map(() => undefined);
  });

  constructor(
    private readonly codec: KeyCodec<K>,
    private readonly space: string,
    private readonly lower: LowerTiers<V> | undefined,
    private readonly bus: BusLink | undefined,
    /** Told of each change that the other nodes are told of. */
    private readonly announced: () => void = () => {},
  ) {}

  /**
   * Batch after batch, the next also where a tier's trouble with one is thrown: the first trouble is, when all are told.
   *
   * @param again makes the change in memory
   */
  async keys(
    indexes: readonly unknown[],
    again: (index: unknown) => void,
    kind: 'keys' | 'expire' = 'keys',
  ): Promise<void> {
    const named = indexes.filter((index) => this.codec.nameOf(index) !== undefined);
    let trouble: { readonly error: unknown } | undefined;
    for (let from = 0; from < named.length; from += NAMES_AT_ONCE) {
      const some = named.slice(from, from + NAMES_AT_ONCE);
      const names = some.map((index) => this.codec.nameOf(index) as string);
      try {
        await this.carry(this.lower?.remove(names), () => some.forEach(again), { kind, names });
      } catch (error) {
        trouble ??= { error };
      }
    }
    if (trouble !== undefined) throw trouble.error;
  }

  /** A caller's write, which the tiers have already, or will have: then whoever reads there until then has outdated entries. */
  put(index: unknown): Promise<void> | undefined {
    const name = this.codec.nameOf(index);
    if (name === undefined) return undefined;
    for (const tier of this.lower?.tiers ?? []) if (tier.isWaitedFor(name)) this.isOwed = true;
    return this.bus === undefined ? undefined : this.puts.add(name);
  }

  async group(group: string, again: () => void): Promise<void> {
    await this.carry(this.lower?.renewGroup(group), again, { kind: 'group', group });
  }

  async all(again: () => void): Promise<void> {
    await this.carry(this.lower?.renewWhole(), again, { kind: 'all' });
  }

  /**
   * @param glob where the pattern is one: others cannot be handed to another node, which then clears its memory
   * @param matches by the name
   */
  async matching(glob: string | undefined, matches: (name: string) => boolean, again: () => void): Promise<void> {
    const change: Change = glob === undefined ? { kind: 'all' } : { kind: 'glob', glob };
    await this.carry(this.removeMatching(glob, matches), again, change);
  }

  /**
   * What a tier could not take before is done now: whoever read there meanwhile has outdated entries.
   *
   * @param isLast whether no other tier is to be told of anything
   */
  recovered(isLast: boolean): void {
    if (!this.isOwed) return;
    this.isOwed = !isLast;
    void this.tell({ kind: 'all' });
  }

  private removeMatching(glob: string | undefined, matches: (name: string) => boolean): Promise<boolean> | undefined {
    return this.lower?.all((tier) =>
      // Without a list of the keys everything goes: too much is safe, too little is not.
      tier.capabilities.listsKeys ? tier.removeMatching(glob, matches) : tier.renewWhole(),
    );
  }

  /**
   * Waits for the tiers; then makes the change in memory again and tells the others, also where the tiers' trouble is thrown:
   * a tier that could not take it is told later all the same.
   */
  private async carry(done: Promise<boolean> | undefined, again: () => void, change: Change): Promise<void> {
    let isDone = false;
    try {
      isDone = (await done) !== false;
    } finally {
      if (!isDone) this.isOwed = true;
      try {
        // The predicate of a pattern may throw at a key that has come meanwhile.
        again();
      } finally {
        await this.tell(change);
      }
    }
  }

  private async tell(change: Change): Promise<void> {
    if (this.bus === undefined) return;
    this.announced();
    await this.bus.announce(this.space, change);
  }
}

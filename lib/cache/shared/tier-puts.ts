import type { TierWrite } from '../../tiers/index.js';
import type { FenceRequest, TierFence, TierRecord, WriteOutcome } from './space-tier.js';
import type { Asking } from './tick-batch.js';
import type { Recorded } from './tier-hit.js';

/** A caller's own write on its way into one tier; told once what came of it, by one of the last two. Nothing here throws but `record`. */
export interface TierPut<V> {
  /** What the entry stands under. The same list for all puts without groups of their own. */
  readonly generations: readonly string[];
  /** Asked when the bytes are sent: something newer may have come meanwhile. */
  mayStand(): boolean;
  /** What is written, as it is at the moment. */
  record(): TierRecord<V>;
  /** `unsent`: nothing of it can have reached the tier. */
  resolve(outcome: WriteOutcome | 'unsent'): void;
  /** Only where trouble is to be thrown. */
  reject(error: unknown): void;
}

/** What {@link TierPuts} need of their tier. */
export interface TierPutPorts<V> {
  /** Asks for generations along with all else that is asked for in this tick. */
  ask(asking: Asking<FenceRequest, TierFence | undefined>): void;
  /** `undefined`: it cannot be written, which has been told. */
  outgoing(record: TierRecord<V>, recorded: Recorded): Outgoing | Promise<Outgoing>;
  /** Rejects only where trouble is to be thrown. */
  send(writes: readonly TierWrite[]): Promise<readonly WriteOutcome[]>;
}

type Outgoing = TierWrite | undefined;

/**
 * Callers' own writes of one tier. Those of one tick are one object for as long as they are on their way: they ask for
 * their generations in one call, and what is still wanted when these are there is written by one more.
 *
 * In two steps, and not with tokens that were good a moment ago: an invalidation may lie between, and an entry that
 * recorded a token nobody has verified stands in the tier, where a touch or a refresh takes its place for current.
 */
export class TierPuts<V> {
  /** Those of this tick, whose question is not sent yet. */
  private waiting: PutsOfTick<V> | undefined = undefined;

  constructor(private readonly ports: TierPutPorts<V>) {}

  add(put: TierPut<V>): void {
    const { waiting } = this;
    if (waiting !== undefined) return waiting.add(put);
    this.waiting = new PutsOfTick(put, this.ports);
    this.ports.ask(this.waiting);
  }

  /** The question is about to be sent: for whoever comes now its answer would be too old. */
  questionLeaves(): void {
    this.waiting = undefined;
  }
}

class PutsOfTick<V> implements Asking<FenceRequest, TierFence | undefined> {
  readonly request: FenceRequest;
  private readonly asked: string[];
  private readonly puts: TierPut<V>[];

  constructor(
    first: TierPut<V>,
    private readonly ports: TierPutPorts<V>,
  ) {
    this.puts = [first];
    this.asked = [...first.generations];
    this.request = { name: undefined, generations: this.asked, ttlMs: 1 };
  }

  add(put: TierPut<V>): void {
    // Most have the generations of their cache alone, in the list that they all share.
    if (put.generations !== this.puts[0]?.generations) this.asked.push(...put.generations);
    this.puts.push(put);
  }

  resolve(taken: TierFence | undefined): void {
    if (taken === undefined) for (const put of this.puts) put.resolve('unsent');
    else void this.write(taken.generations);
  }

  reject(error: unknown): void {
    for (const put of this.puts) put.reject(error);
  }

  private async write(tokens: ReadonlyMap<string, string>): Promise<void> {
    const sent: TierPut<V>[] = [];
    const writes: TierWrite[] = [];
    let generations: readonly string[] | undefined;
    let recorded: Recorded = [];
    for (const put of this.puts) {
      if (!put.mayStand()) {
        put.resolve('refused');
        continue;
      }
      if (put.generations !== generations) {
        generations = put.generations;
        recorded = generations.map((name) => [name, tokens.get(name) as string] as const);
      }
      try {
        const write = this.ports.outgoing(put.record(), recorded);
        if (write instanceof Promise) void this.writeLater(put, write);
        else if (write === undefined) put.resolve('unfit');
        else {
          sent.push(put);
          writes.push(write);
        }
      } catch (error) {
        put.reject(error);
      }
    }
    await this.sendWanted(sent, writes);
  }

  /** Asked once more: a value's own `toJSON`, or who hears that one has no bytes, may have changed another of them. */
  private async sendWanted(puts: readonly TierPut<V>[], writes: readonly TierWrite[]): Promise<void> {
    const isWanted = puts.map((put) => put.mayStand());
    const wanted = <T>(all: readonly T[]): readonly T[] => all.filter((_, at) => isWanted[at]);
    if (!isWanted.includes(false)) return this.send(puts, writes);
    const sending = this.send(wanted(puts), wanted(writes));
    for (let at = 0; at < puts.length; at++) if (isWanted[at] === false) puts[at]?.resolve('refused');
    await sending;
  }

  /** What takes time to compress does not hold up the others; something newer may come in that time. */
  private async writeLater(put: TierPut<V>, encoding: Promise<Outgoing>): Promise<void> {
    try {
      const write = await encoding;
      if (write === undefined) put.resolve('unfit');
      else if (!put.mayStand()) put.resolve('refused');
      else await this.send([put], [write]);
    } catch (error) {
      put.reject(error);
    }
  }

  private async send(puts: readonly TierPut<V>[], writes: readonly TierWrite[]): Promise<void> {
    if (writes.length === 0) return;
    let outcomes: readonly WriteOutcome[];
    try {
      outcomes = await this.ports.send(writes);
    } catch (error) {
      for (const put of puts) put.reject(error);
      return;
    }
    for (let at = 0; at < puts.length; at++) puts[at]?.resolve(outcomes[at] as WriteOutcome);
  }
}

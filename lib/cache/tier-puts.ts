import type { Attempt } from '../resilience/index.js';
import type { TierWrite } from '../tiers/index.js';
import type { KnownGenerations } from './known-generations.js';
import type { Generations, Recorded, TierRecord, WriteOutcome } from './space-tier.js';

/** A caller's own value on its way into a tier. */
export interface TierPut<V> {
  readonly record: TierRecord<V>;
  /** The names of the generations that it records. */
  readonly generations: readonly string[];
  /** Asked when its bytes are ready: something newer may have come meanwhile. */
  readonly isWanted: () => boolean;
}

/** What puts need of the tier that they go to. */
export interface PutTarget<V> {
  /** Whether calls are being tried as usual. */
  isSound(): boolean;
  /** The bytes of an entry; `undefined` when it has none, which has been told. */
  encode(record: TierRecord<V>, recorded: Recorded): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** How long it stays there. */
  lifetimeMs(record: TierRecord<V>): number;
  /** Stores what has no fence; rejects only where trouble is to be thrown. */
  store(writes: readonly TierWrite[]): Promise<readonly WriteOutcome[]>;
  /** The tokens of these generations, created where there are none. Never rejects. */
  take(generations: readonly string[]): Promise<Attempt<Generations>>;
  /** Tells that the tokens could not be had; throws where trouble is to be thrown. */
  failed(attempt: Extract<Attempt<unknown>, { ok: false }>): void;
}

/** So many are sent while the next are still being encoded: then the tier's work and this process's go on together. */
const PUTS_AT_ONCE = 32;

/**
 * The callers' own values of one tick.
 *
 * An entry records the tokens that its generations have, and to ask for them first would double the way of every put. So
 * it is written with those that were seen last, and at the same time the tier is asked for the present ones. Tokens are
 * random and none comes twice: one that is still there was there all the while, so an entry that recorded it is what it
 * would be had the tier been asked before. Where another is there, the entry was unusable from the beginning, a miss to
 * whoever read it, and is written once more with the token that came with the answer.
 *
 * A tier in trouble is asked first, as then every call counts; so is one whose tokens have not been seen.
 */
export class TierPuts<V> {
  constructor(
    private readonly target: PutTarget<V>,
    private readonly known: KnownGenerations,
  ) {}

  async put(puts: readonly TierPut<V>[]): Promise<readonly WriteOutcome[]> {
    const names = namesOf(puts);
    const guess = this.target.isSound() ? this.known.all(names) : undefined;
    return guess === undefined ? this.putAfterwards(puts, names) : this.putAtOnce(puts, names, guess);
  }

  private async putAfterwards(puts: readonly TierPut<V>[], names: readonly string[]): Promise<readonly WriteOutcome[]> {
    const taken = await this.target.take(names);
    if (taken.ok) return this.write(puts, taken.value);
    this.target.failed(taken);
    return puts.map(() => 'failed');
  }

  private async putAtOnce(
    puts: readonly TierPut<V>[],
    names: readonly string[],
    guess: Generations,
  ): Promise<readonly WriteOutcome[]> {
    const written = this.write(puts, guess);
    const asked = this.target.take(names);
    const outcomes = [...(await written)];
    let taken = await asked;
    const stored = puts.flatMap((_, at) => (outcomes[at] === 'stored' ? [at] : []));
    if (stored.length === 0) return outcomes;
    // The write was the one call that the breaker let through.
    if (!taken.ok && taken.skipped) taken = await this.target.take(names);
    if (!taken.ok) {
      this.target.failed(taken);
      for (const at of stored) outcomes[at] = 'failed';
      return outcomes;
    }
    const { value: current } = taken;
    if (names.every((name) => current.get(name) === guess.get(name))) return outcomes;
    const outdated = stored.filter((at) =>
      (puts[at] as TierPut<V>).generations.some((name) => current.get(name) !== guess.get(name)),
    );
    const again = await this.write(
      outdated.map((at) => puts[at] as TierPut<V>),
      current,
    );
    for (const [index, at] of outdated.entries()) outcomes[at] = again[index] as WriteOutcome;
    return outcomes;
  }

  /** Writes what is ready; what is compressed elsewhere meanwhile follows together. */
  private async write(puts: readonly TierPut<V>[], tokens: Generations): Promise<readonly WriteOutcome[]> {
    const outcomes = new Array<WriteOutcome>(puts.length).fill('unfit');
    const running: Promise<void>[] = [];
    const late: Promise<Underway<V>>[] = [];
    let ready: Underway<V>[] = [];
    /** What most puts record: the generation of their cache and no other. */
    let alone: Recorded | undefined;
    for (const [at, put] of puts.entries()) {
      const { generations } = put;
      const recorded = generations.length === 1 ? (alone ??= record(generations, tokens)) : record(generations, tokens);
      const bytes = this.target.encode(put.record, recorded);
      if (bytes instanceof Promise) late.push(bytes.then((later) => ({ at, put, bytes: later })));
      else if (ready.push({ at, put, bytes }) === PUTS_AT_ONCE) {
        running.push(this.store(ready, outcomes));
        ready = [];
      }
    }
    if (ready.length > 0) running.push(this.store(ready, outcomes));
    if (late.length > 0) running.push(Promise.all(late).then((all) => this.store(all, outcomes)));
    await Promise.all(running);
    return outcomes;
  }

  private async store(ready: readonly Underway<V>[], outcomes: WriteOutcome[]): Promise<void> {
    const places: number[] = [];
    const writes: TierWrite[] = [];
    for (const { at, put, bytes } of ready) {
      if (bytes === undefined) continue;
      outcomes[at] = 'refused';
      if (!put.isWanted()) continue;
      places.push(at);
      writes.push({ key: put.record.name, bytes, ttlMs: this.target.lifetimeMs(put.record), fence: undefined });
    }
    if (writes.length === 0) return;
    const stored = await this.target.store(writes);
    for (const [index, at] of places.entries()) outcomes[at] = stored[index] as WriteOutcome;
  }
}

/** A put whose bytes are ready. */
interface Underway<V> {
  readonly at: number;
  readonly put: TierPut<V>;
  readonly bytes: Uint8Array | undefined;
}

function namesOf<V>(puts: readonly TierPut<V>[]): readonly string[] {
  const [first] = puts;
  if (first !== undefined && puts.every(({ generations }) => generations.length === 1)) return first.generations;
  return [...new Set(puts.flatMap(({ generations }) => generations))];
}

function record(names: readonly string[], tokens: Generations): Recorded {
  // Those of all puts have been asked for.
  return names.map((name) => [name, tokens.get(name) as string]);
}

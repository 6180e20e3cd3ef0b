import type { EntryCodec, OpenedEnvelope } from '../../codec/index.js';
import { CacheUnusableEntryError, type TierOperation } from '../../core/index.js';
import type { Attempt } from '../../resilience/index.js';
import type { TierEntry } from '../../tiers/index.js';
import { WHOLE } from './generations.js';
import { TierHit, type Recorded } from './tier-hit.js';
import type { TierLink } from './tier-links.js';

/** What reads of one cache from one tier are made of. */
export interface TierReadParts {
  readonly space: string;
  readonly codec: EntryCodec;
  /** Of every entry of this cache; read along with the entries. */
  readonly usualGenerations: readonly string[];
  /** Told of a batch when it has ended. */
  readonly timed: (tier: string, operation: 'read' | 'write', startedMs: number, ended: Attempt<unknown>) => void;
  readonly clock: () => number;
}

/** How a read tells what went wrong. */
export interface ReadTrouble {
  trouble(operation: TierOperation, error: unknown, name: string): undefined;
  /** Throws where trouble is to be thrown. */
  failed(operation: TierOperation, attempt: Extract<Attempt<unknown>, { ok: false }>): void;
}

/** Reads entries of one cache from one tier: what is damaged, foreign, outdated or in doubt is a miss. */
export class TierReads<V> {
  private readonly space: string;
  private readonly tierName: string;

  constructor(
    private readonly link: TierLink,
    private readonly parts: TierReadParts,
    private readonly ports: ReadTrouble,
  ) {
    this.space = parts.space;
    this.tierName = link.guarded.name;
  }

  /** What each of these names has, in their order. */
  async read(asked: readonly string[]): Promise<Hits<V>> {
    const distinct = new Set(asked);
    const names = distinct.size === asked.length ? asked : [...distinct];
    const startedMs = this.parts.clock();
    const { completed } = this.link.recovery;
    const read = await this.link.guarded.read(this.space, names, this.parts.usualGenerations);
    this.parts.timed(this.tierName, 'read', startedMs, read);
    if (!read.ok) {
      this.ports.failed('read', read);
      return asked.map(() => undefined);
    }
    const { entries, generations } = read.value;
    const opened = names.map((name, at) => this.open(name, entries[at]));
    const current = new Map(this.parts.usualGenerations.map((name, at) => [name, generations[at]]));
    const further = furtherThan(current, opened);
    if (further.length > 0) await this.readFurtherGenerations(further, current);
    const found = names.map((name, at) => this.hitOf(name, opened[at], entries[at], current));
    // Only what has to be expanded is later.
    const hits = found.some(isLater) ? await Promise.all(found) : (found as Hits<V>);
    // The tier may have answered before it was told what it is told by now.
    if (this.link.recovery.completed !== completed) return asked.map(() => undefined);
    if (names === asked) return hits;
    const byName = new Map(names.map((name, at) => [name, hits[at]]));
    return asked.map((name) => byName.get(name));
  }

  private open(name: string, entry: TierEntry | undefined): OpenedEnvelope | undefined {
    // A key that is still to be removed from this tier is not in it any more; what is there now may be older than that.
    if (entry === undefined || this.link.recovery.isKeyInDoubt(this.space, name)) return undefined;
    const opened = this.parts.codec.open(entry.bytes);
    if (opened.kind === 'problem') {
      this.ports.trouble('read', new CacheUnusableEntryError(this.tierName, name, opened.message), name);
      return undefined;
    }
    if (opened.fields.key === name) return opened;
    this.ports.trouble('read', new CacheUnusableEntryError(this.tierName, name, 'it belongs to another key'), name);
    return undefined;
  }

  /** Groups that only single entries have: known when those have been read. */
  private async readFurtherGenerations(
    further: readonly string[],
    current: Map<string, string | undefined>,
  ): Promise<void> {
    const read = await this.link.guarded.read(this.space, [], further);
    if (!read.ok) this.ports.failed('read', read);
    further.forEach((name, at) => current.set(name, read.ok ? read.value.generations[at] : undefined));
  }

  private hitOf(
    name: string,
    envelope: OpenedEnvelope | undefined,
    entry: TierEntry | undefined,
    current: ReadonlyMap<string, string | undefined>,
  ): TierHit<V> | undefined | Promise<TierHit<V> | undefined> {
    if (envelope === undefined || entry === undefined || !this.isCurrent(envelope.fields.generations, current)) {
      return undefined;
    }
    try {
      // Whatever was stored under this key was a V when it was written.
      const value = envelope.value() as V | Promise<V>;
      return isLater(value) ? this.laterHit(name, value, envelope, entry) : this.hit(value, envelope, entry);
    } catch (error) {
      return this.ports.trouble('read', error, name);
    }
  }

  private isCurrent(generations: Recorded, current: ReadonlyMap<string, string | undefined>): boolean {
    // An entry without the generation of its cache could not be cleared.
    let isOfCache = false;
    for (let i = 0; i < generations.length; i++) {
      const [name, token] = generations[i] as Recorded[number];
      if (current.get(name) !== token || this.link.recovery.isGenerationInDoubt(this.space, name)) return false;
      if (name === WHOLE) isOfCache = true;
    }
    return isOfCache;
  }

  /** None of what became `undefined` on its way, by its own `toJSON` for example: that is absence, and nobody's value. */
  private hit(value: V, { fields }: OpenedEnvelope, { ttlLeftMs }: TierEntry): TierHit<V> | undefined {
    if (value === undefined) return undefined;
    return new TierHit(value, fields, ttlLeftMs, this.tierName);
  }

  private async laterHit(
    name: string,
    value: Promise<V>,
    envelope: OpenedEnvelope,
    entry: TierEntry,
  ): Promise<TierHit<V> | undefined> {
    try {
      return this.hit(await value, envelope, entry);
    } catch (error) {
      return this.ports.trouble('read', error, name);
    }
  }
}

type Hits<V> = readonly (TierHit<V> | undefined)[];

/** The generations that entries have recorded beyond those that are known. */
function furtherThan(
  current: ReadonlyMap<string, unknown>,
  opened: readonly (OpenedEnvelope | undefined)[],
): readonly string[] {
  const further = new Set<string>();
  for (const envelope of opened) {
    if (envelope === undefined) continue;
    for (const [name] of envelope.fields.generations) if (!current.has(name)) further.add(name);
  }
  return [...further];
}

function isLater(value: unknown): value is Promise<unknown> {
  return value instanceof Promise;
}

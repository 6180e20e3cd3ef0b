import type { BusSubscriber, Change } from '../../resilience/index.js';
import { emit, type CacheParts } from '../parts/cache-parts.js';
import { generationOf } from '../shared/generations.js';
import type { Invalidation } from './invalidation.js';
import type { Spread } from '../shared/spread.js';

/**
 * Applies what other nodes changed, and forgets everything when changes may have been missed. Shared tiers are not
 * touched, for the node that changed something has done that; nor is anything announced: but for what this node wrote
 * late, behind a change that it had not heard of, which others may have read since.
 */
export class RemoteChanges<K, V> implements BusSubscriber {
  constructor(
    private readonly parts: CacheParts<K, V>,
    private readonly invalidation: Invalidation<K, V>,
    /** The tiers that the other nodes do not have; absent where there are none. */
    private readonly own: Spread<K, V> | undefined,
  ) {}

  apply(change: Change): void {
    const { invalidation, own } = this;
    this.parts.numbers.bus.received++;
    switch (change.kind) {
      case 'put':
      case 'keys': {
        this.outdatePuts((name) => change.names.includes(name));
        const indexes = this.indexesOf(change.names);
        const forget = (index: unknown): void =>
          change.kind === 'put' ? invalidation.putElsewhere(index) : void invalidation.keyHere(index);
        indexes.forEach(forget);
        this.carry(own?.keys(indexes, forget));
        return this.tell('keys');
      }
      case 'expire': {
        this.outdatePuts((name) => change.names.includes(name));
        const indexes = this.indexesOf(change.names);
        const expire = (index: unknown): void => void invalidation.expireHere(index);
        indexes.forEach(expire);
        this.carry(own?.keys(indexes, expire, 'expire'));
        return this.tell('keys');
      }
      case 'group': {
        const generation = generationOf(change.group);
        this.outdatePuts((_, generations) => generations.includes(generation));
        const forget = (): void => void invalidation.groupHere(change.group);
        forget();
        this.carry(own?.group(change.group, forget));
        return this.tell('group', { group: change.group });
      }
      case 'glob': {
        const matching = invalidation.compile(change.glob);
        this.outdatePuts(matching.matchesName);
        matching.forget();
        this.carry(own?.matching(change.glob, matching.matchesName, () => matching.forget()));
        return this.tell('pattern', { pattern: change.glob });
      }
      case 'all': {
        this.forgetAll();
        return this.tell('clear');
      }
    }
  }

  distrust(reason: string): void {
    this.parts.numbers.bus.distrusts++;
    this.forgetAll();
    this.tell('distrust', { error: new Error(reason) });
  }

  trouble(error: unknown): void {
    this.tell('trouble', { error });
  }

  private outdatePuts(isOutdated: (name: string, generations: readonly string[]) => boolean): void {
    const { lower, spread } = this.parts;
    const late = new Set(lower?.tiers.flatMap((tier) => tier.outdatePuts(isOutdated)));
    if (late.size === 0 || spread === undefined) return;
    const forget = (index: unknown): void => void this.invalidation.keyHere(index);
    this.carry(spread.keys(this.indexesOf([...late]), forget));
  }

  private forgetAll(): void {
    this.outdatePuts(() => true);
    const forget = (): void => this.invalidation.allHere();
    forget();
    this.carry(this.own?.all(forget));
  }

  /** A tier that cannot be reached does it later, and has told its trouble; here is nobody to throw it to. */
  private carry(carried: Promise<unknown> | undefined): void {
    carried?.catch(() => {});
  }

  private indexesOf(names: readonly string[]): unknown[] {
    return names.map((name) => this.parts.codec.indexOfName(name));
  }

  private tell(
    cause: 'keys' | 'group' | 'pattern' | 'clear' | 'distrust' | 'trouble',
    details: { readonly group?: string; readonly pattern?: string; readonly error?: unknown } = {},
  ): void {
    if (this.parts.events.observed) emit(this.parts, 'bus', { cause, ...details });
  }
}

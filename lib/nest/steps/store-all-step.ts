import { CacheMisuseError, show } from '../../core/index.js';
import type { BulkLoader } from '../../cache/index.js';
import type { Address, Arguments } from './addressing.js';
import type { StoreStep } from './store-step.js';

/** Calls the method for some of the ids. */
type CallForIds = (ids: readonly unknown[]) => unknown;

/** The values that a call wants: each place once, and where each id of the call finds its value. */
interface Places {
  readonly distinct: readonly Address[];
  /** Of the ids, in the order of the call: positions in `distinct`. */
  readonly positions: readonly number[];
  readonly idOf: ReadonlyMap<unknown, unknown>;
}

/** One `@CacheableAll`: a value for each id of a list, where a `@Cacheable` would have the one of a call. */
export class StoreAllStep {
  constructor(private readonly step: StoreStep) {}

  /** condition → keys → lookup → call for the ids that are missing. */
  async load(args: Arguments, call: CallForIds): Promise<unknown> {
    const [ids, ...further] = args;
    const { cache } = this.step;
    const { label, prepared, condition } = this.step.parts;
    if (!Array.isArray(ids)) {
      throw new CacheMisuseError(`${label}: the first argument must be an array of ids; it was ${show(ids)}`);
    }
    // Asked for the whole call; all other functions are asked for each id.
    if (condition !== undefined && !condition(...args)) return call(ids);
    const { distinct, positions, idOf } = this.placesOf(ids, further);
    if (distinct.length === 0) return [];
    // The app has shut down: the method still answers.
    if (cache.closed) return call(ids);
    const loader: BulkLoader<unknown, unknown> = async (keys, load) => {
      const missing = keys.map((key) => ({ key, index: cache.codec.index(key) }));
      const argumentsOf = (index: unknown): Arguments => [idOf.get(index), ...further];
      for (const { key, index } of missing) this.step.announce(load.of(key), argumentsOf(index));
      const values = this.requireValues(await call(missing.map(({ index }) => idOf.get(index))), missing.length);
      missing.forEach(({ key, index }, at) => this.step.decide(load.of(key), index, argumentsOf(index), values[at]));
      return new Map(keys.map((key, at) => [key, values[at]]));
    };
    const values = await cache.loadAllAt(distinct, loader, prepared);
    return positions.map((position) => values[position]);
  }

  private placesOf(ids: readonly unknown[], further: Arguments): Places {
    const distinct: Address[] = [];
    const positionOf = new Map<unknown, number>();
    const idOf = new Map<unknown, unknown>();
    const { addressing } = this.step.parts;
    const positions = ids.map((id) => {
      const key = addressing.keyOf([id, ...further]);
      const index = addressing.indexOf(key);
      let position = positionOf.get(index);
      if (position === undefined) {
        positionOf.set(index, (position = distinct.length));
        distinct.push({ index, key });
        idOf.set(index, id);
      }
      return position;
    });
    return { distinct, positions, idOf };
  }

  /** Values that cannot be told apart by their positions would stand under the wrong keys. */
  private requireValues(result: unknown, count: number): readonly unknown[] {
    if (Array.isArray(result) && result.length === count) return result;
    throw new CacheMisuseError(
      `${this.step.parts.label}: the method was called with ${count} ids and resolved to ${show(result)}; ` +
        `return an array with a value for each id, in their order, null or undefined where there is none`,
    );
  }
}

import { KeyPlace } from '../engine/index.js';

type Generation = Map<unknown, Map<unknown, KeyPlace<string>>>;

const SMALLEST_GENERATION = 1_024;
/** A longer text is not worth keeping beside the entry, and may be too long for a key. */
const LONGEST_PART = 1_024;

/**
 * Where calls with two primitive arguments find their value: two lookups in maps and a guess that is nearly always right,
 * where the text of both would have to be built and hashed on every call.
 *
 * Nothing depends on what is remembered here: who is not found gets a new place from the text of its arguments. It is
 * kept in two generations. A place that is asked for moves to the young one; when that holds as many as the cache has
 * entries, it becomes the old one and the former old one is dropped. So there are at most twice as many places as entries
 * (at least 1,024), nothing is swept, and those of the entries that were used last are among them.
 */
export class ArgumentPlaces {
  private young: Generation = new Map();
  private old: Generation = new Map();
  private youngSize = 0;

  constructor(
    private readonly indexOf: (first: unknown, second: unknown) => string,
    private readonly entries: () => number,
  ) {}

  /** The place of two arguments; `undefined` where one of them is not a short primitive. */
  get(first: unknown, second: unknown): KeyPlace<string> | undefined {
    return this.young.get(first)?.get(second) ?? this.remember(first, second);
  }

  /** How many places are remembered. */
  get size(): number {
    let size = 0;
    for (const generation of [this.young, this.old]) for (const seconds of generation.values()) size += seconds.size;
    return size;
  }

  private remember(first: unknown, second: unknown): KeyPlace<string> | undefined {
    if (!isPart(first) || !isPart(second)) return undefined;
    const place = this.old.get(first)?.get(second) ?? new KeyPlace(this.indexOf(first, second));
    if (this.youngSize >= Math.max(SMALLEST_GENERATION, this.entries())) {
      this.old = this.young;
      this.young = new Map();
      this.youngSize = 0;
    }
    let seconds = this.young.get(first);
    if (seconds === undefined) this.young.set(first, (seconds = new Map()));
    seconds.set(second, place);
    this.youngSize++;
    return place;
  }
}

/** Whether an argument may be part of a pair: a primitive whose absence means nothing. */
function isPart(argument: unknown): boolean {
  switch (typeof argument) {
    case 'string':
      return (argument as string).length <= LONGEST_PART;
    case 'number':
    case 'boolean':
    case 'bigint':
      return true;
    default:
      return argument === null;
  }
}

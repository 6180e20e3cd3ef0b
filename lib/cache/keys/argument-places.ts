import { KeyPlace } from '../../engine/index.js';

type Generation = Map<unknown, Map<unknown, CallPlace>>;

const SMALLEST_GENERATION = 1_024;
/** A longer text is not worth keeping beside the entry, and may be too long for a key. */
const LONGEST_PART = 1_024;
/** Of all that is found again four cells for each place, up to 2¹⁵. */
const CELLS_PER_PLACE = 4;
const MOST_CELLS = 1 << 15;
/** The highest bits of a product with one of these depend on all bits of the other factor. */
const MULTIPLIER = 0x9e3779b1;
const OTHER_MULTIPLIER = 0x85ebca6b;

/** The place of a call with two arguments. */
class CallPlace extends KeyPlace<string> {
  constructor(
    key: string,
    readonly first: unknown,
    readonly second: unknown,
  ) {
    super(key);
  }
}

/** Stands where no place was found yet; NaN is equal to no argument. */
const NO_PLACE = new CallPlace('', NaN, NaN);

/**
 * Where calls with two primitive arguments find their value: a guess by the arguments, which is right when the place found
 * is that of these very arguments, else two lookups in maps; where the text of both would have to be built and hashed on
 * every call.
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
  /** Places of the young generation, each in the cell that the bits of its arguments say, or in a second one where that is taken. */
  private cells: CallPlace[] = emptyCells(64);
  /** How many bits of 32 are not needed to tell the cells. */
  private shift = 26;

  constructor(
    private readonly indexOf: (first: unknown, second: unknown) => string,
    private readonly entries: () => number,
  ) {}

  /** The place of two arguments; `undefined` where one of them is not a short primitive. */
  get(first: unknown, second: unknown): KeyPlace<string> | undefined {
    const bits = Math.imul(Math.imul(bitsOf(first), OTHER_MULTIPLIER) + bitsOf(second), MULTIPLIER);
    const place = this.cells[bits >>> this.shift] as CallPlace;
    return place.first === first && place.second === second ? place : this.find(first, second, bits);
  }

  /** How many places are remembered. */
  get size(): number {
    let size = 0;
    for (const generation of [this.young, this.old]) for (const seconds of generation.values()) size += seconds.size;
    return size;
  }

  private find(first: unknown, second: unknown, bits: number): CallPlace | undefined {
    const at = Math.imul(bits ^ (bits >>> 15), OTHER_MULTIPLIER) >>> this.shift;
    const place = this.cells[at] as CallPlace;
    if (place.first === first && place.second === second) return place;
    const known = this.young.get(first)?.get(second);
    if (known === undefined) return this.remember(first, second);
    const isFree = this.cells[bits >>> this.shift] === NO_PLACE;
    return (this.cells[isFree ? bits >>> this.shift : at] = known);
  }

  private remember(first: unknown, second: unknown): CallPlace | undefined {
    if (!isPart(first) || !isPart(second)) return undefined;
    const place = this.old.get(first)?.get(second) ?? new CallPlace(this.indexOf(first, second), first, second);
    if (this.youngSize >= Math.max(SMALLEST_GENERATION, this.entries())) {
      this.old = this.young;
      this.young = new Map();
      this.youngSize = 0;
      this.cells = emptyCells(this.cells.length);
    }
    let seconds = this.young.get(first);
    if (seconds === undefined) this.young.set(first, (seconds = new Map()));
    seconds.set(second, place);
    this.youngSize++;
    if (this.youngSize * CELLS_PER_PLACE > this.cells.length && this.cells.length < MOST_CELLS) {
      this.cells = emptyCells(this.cells.length * 2);
      this.shift--;
    }
    return place;
  }
}

function emptyCells(count: number): CallPlace[] {
  return Array.from({ length: count }, () => NO_PLACE);
}

/** Bits of an argument, in which those that are often asked for in one cache differ: those of a number, the last characters of a text. */
function bitsOf(argument: unknown): number {
  if (typeof argument === 'number') return argument | 0;
  if (typeof argument !== 'string') return 0;
  const { length } = argument;
  if (length < 3) return length === 0 ? 0 : argument.charCodeAt(0) ^ (argument.charCodeAt(length - 1) << 8);
  return (
    argument.charCodeAt(length - 1) ^
    (argument.charCodeAt(length - 2) << 8) ^
    (argument.charCodeAt(length - 3) << 16) ^
    (length << 24)
  );
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

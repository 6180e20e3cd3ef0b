import { NO_SLOT, type SlotTable } from '../slots/slot-table.js';

/** A table of more cells has no recent strings: they would no longer be found in the processor's cache. */
export const MOST_CELLS = 1 << 15;
/** Slots from here on are not remembered: they are in another chunk, which may be given back. */
const MOST_SLOTS = 1 << 14;
const SHORTEST = 4;
/** The highest bits of a product with it depend on all bits of the other factor. */
const MULTIPLIER = 0x85ebca6b;

/**
 * Where strings were found lately, by their length and last four characters: a guess, which is right when the slot holds
 * that very key. It spares reads of small caches the hash of a string, which costs more than all else of a hit; V8 keeps
 * the hash of a string with it, but has no way to tell it. 2 bytes for each place, of which there are twice as many as cells.
 *
 * About every tenth key shares its place with another of the cache. The first that was found there keeps it, and the other
 * has a second place, where they meet next to nobody: else two that are read in turn would push each other out each time.
 */
export class RecentStrings {
  private readonly places: Uint16Array;
  /** How many bits of 32 are not needed to tell the places. */
  private readonly shift: number;

  constructor(
    private readonly slots: SlotTable,
    cells: number,
  ) {
    this.places = new Uint16Array(cells * 2);
    this.shift = Math.clz32(cells);
  }

  /** The slot of the key, or -1 when it is not known; {@link findSecond} may know it then. */
  find(key: string): number {
    if (key.length < SHORTEST) return NO_SLOT;
    const slot = this.places[mixed(key) >>> this.shift] as number;
    return this.slots.keyOf(slot) === key ? slot : NO_SLOT;
  }

  /** The same for one that is not in its own place. */
  findSecond(key: string): number {
    if (key.length < SHORTEST) return NO_SLOT;
    const slot = this.places[this.secondOf(mixed(key))] as number;
    return this.slots.keyOf(slot) === key ? slot : NO_SLOT;
  }

  remember(key: string, slot: number): void {
    if (key.length < SHORTEST || slot >= MOST_SLOTS) return;
    const mix = mixed(key);
    const place = mix >>> this.shift;
    this.places[this.isTaken(place) ? this.secondOf(mix) : place] = slot;
  }

  get bytes(): number {
    return this.places.byteLength;
  }

  private secondOf(mix: number): number {
    return Math.imul(mix ^ (mix >>> 15), MULTIPLIER) >>> this.shift;
  }

  /** Whether a place is known to be that of a key that is still there. */
  private isTaken(place: number): boolean {
    const slot = this.places[place] as number;
    const key = this.slots.isUsed(slot) ? this.slots.keyOf(slot) : undefined;
    return typeof key === 'string' && key.length >= SHORTEST && mixed(key) >>> this.shift === place;
  }
}

/** Of a string of four characters or more. */
function mixed(key: string): number {
  const { length } = key;
  const end =
    key.charCodeAt(length - 1) ^
    (key.charCodeAt(length - 2) << 8) ^
    (key.charCodeAt(length - 3) << 16) ^
    (key.charCodeAt(length - 4) << 24);
  return Math.imul(end + length, MULTIPLIER);
}

import { TICK_MASK } from './ghost-table.js';
import {
  NO_REUSE,
  PROBATION,
  PROTECTED,
  REGION_MASK,
  REGION_SHIFT,
  REUSE_SHIFT,
  USE_MASK,
  type TinyLfuRegions,
} from './tiny-lfu-regions.js';

/** How ticks and reuse distances are to be read: insertions until now, and those of a tick and of a unit of distance, as powers of two. */
export interface TickScale {
  readonly insertions: number;
  readonly tickBits: number;
  readonly reuseBits: number;
}

export function scaleOf({ insertions, tickBits, reuseBits }: TinyLfuRegions): TickScale {
  return { insertions: insertions >>> 0, tickBits, reuseBits };
}

/** The region and the last use of an entry, and its reuse distance. */
export function notesOf({ states }: TinyLfuRegions, slot: number): readonly number[] {
  const state = states[slot] as number;
  return [state & (USE_MASK | REGION_MASK), state >>> REUSE_SHIFT];
}

/** An entry comes as it was noted. Where it is the first one ever, time goes on from there. */
export function restoreNoted(regions: TinyLfuRegions, slot: number, notes: readonly number[], scale: TickScale): void {
  if (regions.count === 0 && regions.insertions === 0) regions.resumeAt(scale.insertions);
  regions.states[slot] = stateOf(notes, scale, scaleOf(regions));
  regions.window.append(slot);
  if (regions.isWeighted) regions.windowWeight += regions.host.weightOf(slot);
  const [noted = 0] = notes;
  const region = (noted & REGION_MASK) >>> REGION_SHIFT;
  if (region === PROBATION) regions.admit(slot);
  else if (region === PROTECTED) regions.guard(slot);
}

/** The state, in the window, of an entry that was noted on another scale: ages and distances keep their length. */
function stateOf([noted = 0, distance = NO_REUSE]: readonly number[], from: TickScale, to: TickScale): number {
  const idle = (((from.insertions >>> from.tickBits) - noted) & TICK_MASK) * 2 ** (from.tickBits - to.tickBits);
  const last = ((to.insertions >>> to.tickBits) - Math.min(TICK_MASK, Math.round(idle))) & TICK_MASK;
  const reuse = Math.round(distance * 2 ** (from.tickBits + from.reuseBits - to.tickBits - to.reuseBits));
  const kept = distance >= NO_REUSE ? NO_REUSE : Math.min(NO_REUSE, reuse);
  return (kept << REUSE_SHIFT) | (noted & USE_MASK & ~TICK_MASK) | last;
}

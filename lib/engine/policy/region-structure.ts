import type { SlotList } from '../slots/slot-list.js';
import { REGION_MASK, REGION_SHIFT, type TinyLfuRegions } from './tiny-lfu-regions.js';

/** Throws when a slot is in the list of another region than it says, or the weights are not those of the lists; for tests. */
export function assertRegions(regions: TinyLfuRegions): void {
  const { window, probation, guarded, windowWeight, probationWeight, protectedWeight } = regions;
  const checked: readonly (readonly [SlotList, number])[] = [
    [window, windowWeight],
    [probation, probationWeight],
    [guarded, protectedWeight],
  ];
  checked.forEach(([list, weight], region) => {
    let sum = 0;
    for (const slot of list) {
      if (((regions.states[slot] as number) & REGION_MASK) >>> REGION_SHIFT !== region) {
        throw new Error(`structure: slot ${slot} is in the list of region ${region}, but says otherwise`);
      }
      if (regions.isWeighted) sum += regions.host.weightOf(slot);
    }
    if (Math.abs(sum - weight) > 1e-9 * Math.max(1, sum)) {
      throw new Error(`structure: region ${region} weighs ${sum}, not ${weight}`);
    }
  });
}

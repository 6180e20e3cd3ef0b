import { NumberPipe } from '../validation/number.pipe.js';

/** Reads the id of a city from a path. */
export const cityId = new NumberPipe({ min: 1, max: 2_147_483_647, whole: true });

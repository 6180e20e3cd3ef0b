import { seededRandom } from '../../core/index.js';

/** In the long run one in this many is looked at: 2⁷. */
const MOST_DOUBLINGS = 7;
/** After so many of them the distance doubles. */
const SAMPLES_PER_DOUBLING = 256;

/**
 * Chooses which of many equal steps are looked at more closely: all of the first 256, then fewer and fewer, and in the long
 * run one in 128. Each stands for {@link weight} steps, so that sums of weights estimate the number of steps.
 *
 * The distance from one to the next is random around its mean: a program that asks for 128 keys in turn would else have
 * the same of them looked at every time.
 */
export class Sampler {
  /** The step, counted from 0, from which on the next is to be looked at: whoever counts the steps compares with it. */
  next = 0;
  /** How many steps the next one stands for. */
  weight = 1;
  private taken = 0;
  private readonly random = seededRandom(1);

  /** One was looked at, at this step. */
  take(step: number): void {
    this.taken++;
    this.weight = 2 ** Math.min(MOST_DOUBLINGS, Math.floor(this.taken / SAMPLES_PER_DOUBLING));
    this.next = step + 1 + Math.floor(this.random() * (2 * this.weight - 1));
  }

  /** Looks more closely again: where little happens nearly everything is looked at. */
  relax(): void {
    const most = MOST_DOUBLINGS * SAMPLES_PER_DOUBLING;
    this.taken = Math.max(0, Math.min(this.taken, most) - SAMPLES_PER_DOUBLING);
  }
}

import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../../lib/core/index.js';
import { KeyHash } from '../../../lib/engine/keys/key-hash.js';
import { ObjectNumbers } from '../../../lib/engine/keys/object-numbers.js';

const CACHED = 100;
const newNumbers = (seed = 1): ObjectNumbers => new ObjectNumbers(new KeyHash(seededRandom(seed)));
const objects = (count: number): object[] => Array.from({ length: count }, () => ({}));
const numbersOf = (numbers: ObjectNumbers, keys: readonly object[]): number[] =>
  keys.map((key) => numbers.of(key, CACHED));

describe('ObjectNumbers', () => {
  it('knows an object again while not many more than the cache holds have come after it', () => {
    const numbers = newNumbers();
    const keys = objects(CACHED);
    const before = numbersOf(numbers, keys);
    numbersOf(numbers, objects(2 * CACHED));
    expect(numbersOf(numbers, keys)).toEqual(before);
  });

  it('knows an object for good that comes again and again, however many come once', () => {
    const numbers = newNumbers();
    const keys = objects(CACHED / 2);
    const before = numbersOf(numbers, keys);
    for (let round = 0; round < 100; round++) {
      numbersOf(numbers, objects(CACHED));
      expect(numbersOf(numbers, keys)).toEqual(before);
    }
  });

  it('forgets an object when many times as many others as the cache holds have come', () => {
    const numbers = newNumbers();
    const keys = objects(CACHED);
    const before = numbersOf(numbers, keys);
    numbersOf(numbers, objects(5 * CACHED));
    expect(numbersOf(numbers, keys).filter((number, at) => number === before[at])).toEqual([]);
  });

  it('gives each object a number of its own', () => {
    expect(new Set(numbersOf(newNumbers(), objects(1_000))).size).toBe(1_000);
  });

  it('numbers differently in each cache', () => {
    expect(new Set([1, 2, 3, 4].map((seed) => newNumbers(seed).of({}, CACHED))).size).toBe(4);
  });
});

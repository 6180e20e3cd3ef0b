import { describe, expect, it } from '@jest/globals';
import { toBytes } from '../../../lib/core/index.js';

describe('toBytes', () => {
  it('reads numbers and text with a unit of 1,024', () => {
    expect(['64kb', '1.5MB', '1gb', '10 b', 5].map(toBytes)).toEqual([65_536, 1_572_864, 2 ** 30, 10, 5]);
  });

  it('reads nothing else', () => {
    expect(['64', 'kb', '-1kb', '1tb', '', '1e3kb', NaN, Infinity, 0, -5, null, {}].map(toBytes)).toEqual(
      Array(12).fill(undefined),
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import { toMilliseconds } from '../../../lib/core/index.js';

describe('toMilliseconds', () => {
  it.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['2d', 172_800_000],
    ['0s', 0],
    ['1.5h', 5_400_000],
    ['0.25ms', 0.25],
    ['60d', 5_184_000_000],
  ])('reads %s as %d milliseconds', (text, milliseconds) => {
    expect(toMilliseconds(text)).toBe(milliseconds);
  });

  it.each([[0], [1], [0.5], [2 ** 40], [Infinity]])('takes the number %d as milliseconds', (milliseconds) => {
    expect(toMilliseconds(milliseconds)).toBe(milliseconds);
  });

  it.each([
    [-1],
    [-Infinity],
    [NaN],
    ['5'],
    ['5 m'],
    [' 5m'],
    ['5m '],
    ['5m\n'],
    ['-5m'],
    ['+5m'],
    ['1e3s'],
    ['5M'],
    ['5min'],
    ['.5m'],
    ['5.m'],
    ['1h30m'],
    ['Infinity'],
    ['Infinityms'],
    [''],
    ['m'],
    ['٥m'],
    [5n],
    [null],
    [undefined],
    [true],
    [[5]],
    [{}],
    [new Date(5)],
  ])('answers undefined for %p', (value) => {
    expect(toMilliseconds(value)).toBeUndefined();
  });

  it('stays finite for the longest text it reads', () => {
    expect(toMilliseconds('999999999999999.999999999d')).toBeLessThan(Infinity);
    expect(toMilliseconds('9999999999999999d')).toBeUndefined();
  });
});

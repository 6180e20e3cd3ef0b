import { describe, expect, it } from '@jest/globals';
import { seededRandom, type Random } from '../../../lib/core/index.js';
import { KeyHash } from '../../../lib/engine/keys/key-hash.js';
import { KeyTable } from '../../../lib/engine/keys/key-table.js';

const KEYS = 1 << 15;
const SEEDS = [1, 2, 3, 4, 5];

/** Cells looked at to find every key once, in a table as full as it gets. */
function probesOf(keys: readonly (string | number)[], random: Random): number {
  const hash = new KeyHash(random);
  const table = new KeyTable(keys.length * 2, keys.length);
  const { cells } = table;
  let probes = 0;
  for (const [slot, key] of keys.entries()) {
    const code = typeof key === 'string' ? hash.string(key) : hash.integer(key);
    for (let at = code & (cells.length - 1); ; at = (at + 1) & (cells.length - 1)) {
      probes++;
      if (cells[at] === 0) break;
    }
    table.add(slot, code);
  }
  return probes;
}

const times = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));

function randomStrings(length: number, random: Random): string[] {
  return times(KEYS, () => String.fromCharCode(...times(length, () => 33 + Math.floor(random() * 90))));
}

/** Keys of one cell of a table, for whoever knows how the cache hashes. */
function collidingStrings(count: number, random: Random): string[] {
  const hash = new KeyHash(random);
  const found: string[] = [];
  for (let at = 0; found.length < count; at++) {
    const key = `id${at.toString(36)}`;
    if ((hash.string(key) & (2 * count - 1)) === 7) found.push(key);
  }
  return found;
}

function collidingIntegers(count: number, random: Random): number[] {
  const hash = new KeyHash(random);
  const found: number[] = [];
  for (let key = 0; found.length < count; key++) if ((hash.integer(key) & (2 * count - 1)) === 7) found.push(key);
  return found;
}

/** Each pair of characters is one of two that differ in one bit only, so that differences could cancel out in the next. */
function flippedBits(bit: number): string[] {
  return times(256, (choice) =>
    times(8, (pair) => ((choice >> pair) & 1 ? `a${String.fromCharCode(0x61 ^ (1 << bit))}` : 'aa')).join(''),
  );
}

describe('hash flooding', () => {
  const randomKeys = times(KEYS, (at) => (seededRandom(at)() * 2 ** 32) | 0);
  const sets: [string, readonly (string | number)[]][] = [
    ['sequential integers', times(KEYS, (at) => at)],
    ['integers that count down from -1', times(KEYS, (at) => -1 - at)],
    ...[3, 8, 12, 15, 16].map((bits): [string, number[]] => [`multiples of 2^${bits}`, times(KEYS, (at) => at << bits)]),
    ['multiples of 1,000', times(KEYS, (at) => at * 1_000)],
    ['integers with the same low and high bits', times(KEYS, (at) => (0x5a << 24) | (at << 7) | 0x2a)],
    ['decimal numbers as strings', times(KEYS, String)],
    ['strings that differ at their end', times(KEYS, (at) => `user:${at}`)],
    ['strings of one length that differ at their start', times(KEYS, (at) => `${at + 100_000}/profile`)],
    ['strings of one length that differ in the middle', times(KEYS, (at) => `abc${at + 100_000}xyz`)],
    ['strings of one length', randomStrings(12, seededRandom(3))],
    ['strings of NUL characters and one other', times(KEYS, (at) => `\0\0\0${String.fromCharCode(at)}\0\0\0`)],
    ['strings that differ in the highest bits of their characters', times(KEYS, (at) => `a${String.fromCharCode(((at & 0xff) << 8) | 0x61)}${String.fromCharCode(at & 0xff00)}z`)],
    ...[0, 7, 8, 14, 15].map((bit): [string, string[]] => [`pairs of characters that differ in bit ${bit}`, flippedBits(bit)]),
  ]; // prettier-ignore

  it.each(sets)('%s cost little more than random keys', (_, keys) => {
    for (const seed of SEEDS) {
      const random = probesOf(randomKeys.slice(0, keys.length), seededRandom(seed));
      expect(probesOf(keys, seededRandom(seed))).toBeLessThan(random * 1.5);
    }
  });

  it('keys chosen to collide under one seed do so there, and nowhere else', () => {
    for (const keys of [collidingStrings(512, seededRandom(99)), collidingIntegers(512, seededRandom(99))]) {
      const random = probesOf(randomKeys.slice(0, 512), seededRandom(1));
      expect(probesOf(keys, seededRandom(99))).toBeGreaterThan(random * 100);
      for (const seed of SEEDS) expect(probesOf(keys, seededRandom(seed))).toBeLessThan(random * 2);
    }
  });

  it('keys chosen to collide without a seed are nothing special with one', () => {
    const unseeded = (): number => 0;
    for (const keys of [collidingStrings(512, unseeded), collidingIntegers(512, unseeded)]) {
      const random = probesOf(randomKeys.slice(0, 512), seededRandom(1));
      for (const seed of SEEDS) expect(probesOf(keys, seededRandom(seed))).toBeLessThan(random * 2);
    }
  });
});

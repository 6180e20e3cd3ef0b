import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../../lib/core/index.js';
import { KeyHash } from '../../../lib/engine/keys/key-hash.js';
import { LongStringHash } from '../../../lib/engine/keys/long-string-hash.js';

const newHash = (seed = 1): LongStringHash => new LongStringHash(new KeyHash(seededRandom(seed)));
const numbered = (count: number, make: (number: string) => string): string[] =>
  Array.from({ length: count }, (_, at) => make(String(at).padStart(6, '0')));
const distinct = (hash: LongStringHash, keys: readonly string[]): number =>
  new Set(keys.map((key) => hash.of(key))).size;

describe('LongStringHash', () => {
  it.each([
    { where: 'at their end', make: (id: string) => `https://api.example.org/v1/users/${id}` },
    { where: 'at their beginning', make: (id: string) => `${id}/orders?limit=100&sort=created_at&order=desc` },
    {
      where: 'in the middle of a thousand characters',
      make: (id: string) => `${'a'.repeat(500)}${id}${'z'.repeat(494)}`,
    },
    { where: 'in two places', make: (id: string) => `tenant:${id.slice(3)}${'-'.repeat(400)}user:${id.slice(0, 3)}` },
  ])('tells keys apart that differ $where', ({ make }) => {
    const hash = newHash();
    const keys = numbered(5_000, make);
    // Those that come while it learns may be taken for others.
    expect(distinct(hash, keys)).toBeGreaterThan(4_900);
    expect(distinct(hash, keys)).toBe(5_000);
  });

  it('gives a key the same hash for as long as all keys are made alike', () => {
    const hash = newHash();
    const keys = numbered(1_000, (id) => `https://api.example.org/v1/users/${id}/profile?fields=name,address`);
    for (const key of keys) hash.of(key);
    const before = keys.map((key) => hash.of(key));
    expect(keys.map((key) => hash.of(key))).toEqual(before);
  });

  it('hashes a key that is shorter than what all have in common', () => {
    const hash = newHash();
    for (const key of numbered(100, (id) => `${'x'.repeat(200)}${id}${'x'.repeat(200)}`)) hash.of(key);
    const short = numbered(20, (id) => 'x'.repeat(20 + Number(id)));
    expect(distinct(hash, short)).toBe(20);
    expect(distinct(hash, short)).toBe(20);
  });

  it('learns within a few hundred keys that others are made in another way', () => {
    const hash = newHash();
    for (const key of numbered(1_000, (id) => `https://api.example.org/v1/users/${id}`)) hash.of(key);
    const others = numbered(2_000, (id) => `https://${id}.example.org/v1/users/000000`);
    for (const key of others.slice(0, 200)) hash.of(key);
    expect(distinct(hash, others.slice(200))).toBeGreaterThan(1_790);
  });

  it('reads a sample of strings that have nothing in common', () => {
    const hash = newHash();
    const texts = numbered(500, (id) => `${id}${'-'.repeat(100)}${id.repeat(50)}${'-'.repeat(100)}${id}`);
    expect(distinct(hash, texts)).toBe(500);
  });

  it('keeps nothing of strings above 2,048 characters, and tells them apart by a sample', () => {
    const hash = newHash();
    const texts = numbered(200, (id) => `${'x'.repeat(2_100)}${id}${'y'.repeat(20)}${id}`);
    expect(distinct(hash, texts)).toBe(200);
    expect(Object.values(hash).filter((kept) => typeof kept === 'string' && kept !== '')).toEqual([]);
  });

  it('hashes differently in each cache', () => {
    const key = 'a key of more than sixteen characters';
    expect(new Set([1, 2, 3, 4].map((seed) => newHash(seed).of(key))).size).toBe(4);
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SpaceNames } from '../../../../lib/backends/redis/key-layout.js';
import { keySlot } from '../../../../lib/backends/redis/key-slot.js';

/** Texts of what a layout could stumble over, half surrogate pairs included. */
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom('{', '}', ':', '%', '*', 'f', 'g', 'l', 'a', '\ud83d', '\ude00', '7', 'B', 'u') }),
  fc.string({ unit: 'binary' }),
);
/** Spaces are not empty. */
const space = text.filter((it) => it !== '');

const KINDS = ['entry', 'fence', 'lease', 'generation'] as const;

describe('promise Bus and Safety: names on the server', () => {
  it('can be read', () => {
    const users = new SpaceNames('', 'strata:users');
    expect(users.entry('42')).toBe('strata:users:{42}');
    expect(users.fence('42')).toBe('strata:users:{42}:f');
    expect(users.lease('42')).toBe('strata:users:{42}:l');
    expect(users.generation('admin')).toBe('strata:users:{admin}:g');
    expect(users.generation('')).toBe('strata:users:{}:g');
    expect(users.entry('')).toBe('strata:users:{%}');
    expect(users.entry('find({"page":1})')).toBe('strata:users:{find({"page":1%7D)}');
    expect(new SpaceNames('app:', 'a{b').entry('c')).toBe('app:a%7Bb:{c}');
  });

  it('are equal only when kind, space and text are', () => {
    const name = fc.tuple(fc.constantFrom(...KINDS), space, text);
    fc.assert(
      fc.property(name, name, ([kind, ofSpace, of], [otherKind, otherSpace, other]) => {
        const isSame = kind === otherKind && ofSpace === otherSpace && of === other;
        const one = new SpaceNames('', ofSpace)[kind](of);
        expect(one === new SpaceNames('', otherSpace)[otherKind](other)).toBe(isSame);
      }),
      { numRuns: 2_000 },
    );
  });

  it('survive UTF-8, and give the key back', () => {
    fc.assert(
      fc.property(space, text, (ofSpace, key) => {
        const names = new SpaceNames('', ofSpace);
        for (const name of [names.entry(key), names.fence(key)]) {
          expect(Buffer.from(name).toString()).toBe(name);
          expect(names.keyOf(name)).toBe(key);
        }
        expect(names.keyOf(names.generation(key))).toBe(undefined);
        expect(names.keyOf(names.lease(key))).toBe(undefined);
      }),
      { numRuns: 2_000 },
    );
  });

  it('of one key are in one slot', () => {
    fc.assert(
      fc.property(space, text, (ofSpace, key) => {
        const names = new SpaceNames('', ofSpace);
        expect(new Set([names.entry(key), names.fence(key), names.lease(key)].map(keySlot)).size).toBe(1);
      }),
    );
  });

  it('are asked for by a pattern in which only its last star means something', () => {
    const names = new SpaceNames('', 'a*[b]');
    expect(names.pattern(undefined)).toBe('a\\*\\[b\\]:{*');
    expect(names.pattern('user:*')).toBe('a\\*\\[b\\]:{user:*');
    expect(names.pattern('x-y?')).toBe('a\\*\\[b\\]:{x\\-y*');
    expect(names.pattern('50%}*')).toBe('a\\*\\[b\\]:{50%25%7D*');
    expect(names.pattern('a\\*b')).toBe('a\\*\\[b\\]:{a*');
    expect(names.pattern('{a,b}')).toBe('a\\*\\[b\\]:{*');
  });
});

describe('keySlot', () => {
  it('is what CLUSTER KEYSLOT says', () => {
    const slots: Record<string, number> = {
      '': 0,
      foo: 12_182,
      bar: 5_061,
      '{foo}:x': 12_182,
      'a{foo}{bar}': 12_182,
      123456789: 12_739,
    };
    for (const [name, slot] of Object.entries(slots)) expect([name, keySlot(name)]).toEqual([name, slot]);
    expect(keySlot('{}foo')).not.toBe(keySlot('foo'));
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MemcachedKeys, type ItemKind } from '../../../../lib/backends/memcached/memcached-keys.js';

const keys = new MemcachedKeys();
const kind = fc.constantFrom<ItemKind>('entry', 'generation', 'lease');
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('/', '~', 'e', 'g', 'a', ':', ' ', '\r\n'), maxLength: 8 }),
  fc.string({ minLength: 200, maxLength: 260 }),
);

describe('MemcachedKeys', () => {
  it('leaves what is printable readable', () => {
    expect(keys.key('strata:users', 'entry', '42')).toBe('strata:users/e/42');
    expect(keys.key('strata:users', 'entry', '#o:{"id":1}')).toBe('strata:users/e/#o:{"id":1}');
    expect(keys.key('strata:users', 'generation', '')).toBe('strata:users/g/');
    expect(keys.key('strata:users', 'lease', 'a/b/c')).toBe('strata:users/l/a/b/c');
  });

  it.each([
    ['a space', 'a b'],
    ['a line end', 'x\r\nset victim 0 0 5\r\nOWNED'],
    ['a NUL', 'a\0'],
    ['an umlaut', 'ä'],
    ['DEL', '\x7f'],
    ['10,000 bytes', 'k'.repeat(10_000)],
    ['the mark of a hash', '~'],
  ])('hashes a name with %s', (_what, name) => {
    expect(keys.key('strata:users', 'entry', name)).toMatch(/^strata:users\/e\/~[\w-]{43}$/);
  });

  it.each(['', 'a/b', 'a b', 'a\r\n', 'ä', '~', 'x'.repeat(101)])('hashes the space %j', (space) => {
    expect(keys.key(space, 'entry', '42')).toMatch(/^~[\w-]{43}\/e\/42$/);
  });

  it('hashes a name that leaves no room in 250 bytes, and none that does', () => {
    const room = 250 - 's/e/'.length;

    expect(keys.key('s', 'entry', 'k'.repeat(room))).toBe(`s/e/${'k'.repeat(room)}`);
    expect(keys.key('s', 'entry', 'k'.repeat(room + 1))).toMatch(/^s\/e\/~/);
  });

  it('tells texts apart that are the same in UTF-8', () => {
    expect(keys.key('s', 'entry', '\ud800')).not.toBe(keys.key('s', 'entry', '\ud801'));
  });

  it('hashes the same in every version', () => {
    expect(keys.key('strata', 'entry', 'ä')).toBe('strata/e/~X3BdRskS5TlcNzIcNnWeAl1Preooy9MxOA0OSAYMGd0');
  });

  it('makes only keys that the protocol takes', () => {
    fc.assert(
      fc.property(text, kind, text, (space, of, name) => {
        const key = keys.key(space, of, name);
        expect(/^[!-~]{1,250}$/.test(key)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('makes no key twice', () => {
    fc.assert(
      fc.property(text, kind, text, text, kind, text, (space, of, name, otherSpace, otherOf, otherName) => {
        const same = space === otherSpace && of === otherOf && name === otherName;
        expect(keys.key(space, of, name) === keys.key(otherSpace, otherOf, otherName)).toBe(same);
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps answering alike when it has seen many spaces', () => {
    const before = keys.key('ä', 'entry', '1');
    for (let i = 0; i < 2_000; i++) keys.key(`space ${i}`, 'entry', '1');

    expect(keys.key('ä', 'entry', '1')).toBe(before);
  });
});

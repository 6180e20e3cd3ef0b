import { describe, expect, it } from '@jest/globals';
import { CacheMisuseError, compileGlob, escapeGlob, MAX_GLOB_ALTERNATIVES } from '../../../lib/core/index.js';

function matching(pattern: string, texts: readonly string[]): string[] {
  return texts.filter(compileGlob(pattern));
}

describe('compileGlob', () => {
  it('compares a pattern without special characters with the whole text', () => {
    expect(matching('user:1', ['user:1', 'user:12', 'xuser:1', 'User:1', ''])).toEqual(['user:1']);
    expect(matching('', ['', 'a'])).toEqual(['']);
  });

  it('lets * stand for any run of characters, also none, with /, : and a leading dot among them', () => {
    const texts = ['user:', 'user:1', 'user:a/b:c', 'user:.hidden', 'user:\n', 'use', 'users'];
    expect(matching('user:*', texts)).toEqual(['user:', 'user:1', 'user:a/b:c', 'user:.hidden', 'user:\n']);
    expect(matching('*', ['', '.a', 'a/b'])).toEqual(['', '.a', 'a/b']);
    expect(matching('*:name', ['a:b:name', ':name', 'name', 'a:name2'])).toEqual(['a:b:name', ':name']);
    expect(matching('a*b*c', ['abc', 'a1b2c', 'abcbc', 'ab', 'acb'])).toEqual(['abc', 'a1b2c', 'abcbc']);
    expect(matching('a**', ['a', 'ab'])).toEqual(['a', 'ab']);
  });

  it('lets ? stand for exactly one code point', () => {
    expect(matching('a?c', ['abc', 'a/c', 'a😀c', 'ac', 'abbc'])).toEqual(['abc', 'a/c', 'a😀c']);
    expect(matching('??', ['😀', '😀😀', 'ab'])).toEqual(['😀😀', 'ab']);
    expect(matching('?', ['\ud83d', ''])).toEqual(['\ud83d']);
  });

  it('lets a class stand for one of its characters and ranges', () => {
    expect(matching('[a-cx]', ['a', 'b', 'c', 'x', 'd', '-', 'ab'])).toEqual(['a', 'b', 'c', 'x']);
    expect(matching('[a-]', ['a', '-', 'b'])).toEqual(['a', '-']);
    expect(matching('[-a]', ['a', '-', 'b'])).toEqual(['a', '-']);
    expect(matching('[*?{,]', ['*', '?', '{', ',', 'a'])).toEqual(['*', '?', '{', ',']);
    expect(matching('[\\]\\\\\\-]', [']', '\\', '-', '['])).toEqual([']', '\\', '-']);
    expect(matching('[😀-😂]', ['😁', '😃'])).toEqual(['😁']);
  });

  it('negates a class that begins with ! or ^', () => {
    expect(matching('[!a-c]', ['a', 'd', '!', ''])).toEqual(['d', '!']);
    expect(matching('[^a-c]', ['a', 'd', '^', '😀'])).toEqual(['d', '^', '😀']);
    expect(matching('[a!^]', ['a', '!', '^', 'b'])).toEqual(['a', '!', '^']);
  });

  it('lets braces stand for one of their alternatives, nested and empty ones too', () => {
    expect(matching('{user,order}:1', ['user:1', 'order:1', 'item:1'])).toEqual(['user:1', 'order:1']);
    expect(matching('a{,b}c', ['ac', 'abc', 'abbc'])).toEqual(['ac', 'abc']);
    expect(matching('{a,b{c,d*}}', ['a', 'bc', 'bdx', 'b', 'ac'])).toEqual(['a', 'bc', 'bdx']);
    expect(matching('{a}{}', ['a', '{a}'])).toEqual(['a']);
    expect(matching('{[,}],x}', [',', '}', 'x', '[', ']'])).toEqual([',', '}', 'x']);
  });

  it('takes the character after \\ literally', () => {
    expect(matching('\\*\\?\\[\\{\\\\', ['*?[{\\', 'a?[{\\'])).toEqual(['*?[{\\']);
    expect(matching('{a\\,b,c\\}}', ['a,b', 'c}', 'a', 'b'])).toEqual(['a,b', 'c}']);
    expect(matching('\\a', ['a', '\\a'])).toEqual(['a']);
  });

  it('takes ] } and , literally where they close or divide nothing', () => {
    expect(matching(']},', [']},'])).toEqual([']},']);
  });

  it('treats names that objects give a meaning to as plain text', () => {
    expect(matching('__proto__', ['__proto__', 'constructor'])).toEqual(['__proto__']);
  });

  describe('bounds', () => {
    it(`takes ${MAX_GLOB_ALTERNATIVES} alternatives in all and refuses one more`, () => {
      const numbers = Array.from({ length: 64 }, (_, i) => String(i));
      expect(matching(`{${numbers.join(',')}}`, [...numbers, '64'])).toEqual(numbers);
      expect(matching('{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}', ['ababab', 'ababa'])).toEqual(['ababab']);
      for (const pattern of [`{${[...numbers, '64'].join(',')}}`, '{a,b}'.repeat(7), `{${'{a,b}'.repeat(6)},c}`]) {
        expect(() => compileGlob(pattern)).toThrow(/index \d+: its braces stand for more than 64 alternatives/);
      }
    });

    it('refuses what would expand beyond memory without expanding it', () => {
      expect(() => compileGlob('{a,b}'.repeat(10_000))).toThrow(CacheMisuseError);
      expect(() => compileGlob('{'.repeat(100_000))).toThrow(/braces nest deeper than 32/);
    });

    it('promise Safety: finishes on patterns that backtracking matchers never finish', () => {
      // With exponential or polynomial backtracking these would outlast any test run.
      const text = 'a'.repeat(10_000);
      expect(compileGlob(`${'*a'.repeat(25)}*b`)(text)).toBe(false);
      expect(compileGlob(`${'*a'.repeat(25)}*`)(text)).toBe(true);
      expect(compileGlob(`${'*?'.repeat(500)}b`)(text)).toBe(false);
      expect(compileGlob(`{${'*a'.repeat(25)},${'a*'.repeat(25)}}b`)(text)).toBe(false);
    });
  });

  describe('a malformed pattern', () => {
    it.each([
      ['user:[a', 'glob "user:[a", index 5: "[" is never closed; add "]", or write "\\[" for the character'],
      ['a[', 'glob "a[", index 1: "[" is never closed; add "]", or write "\\[" for the character'],
      ['a{b,c', 'glob "a{b,c", index 1: "{" is never closed; add "}", or write "\\{" for the character'],
      ['{a,{b}', 'glob "{a,{b}", index 0: "{" is never closed; add "}", or write "\\{" for the character'],
      ['a\\', 'glob "a\\\\", index 1: the "\\" at the end escapes nothing; write "\\\\" for the character'],
      ['[a\\', 'glob "[a\\\\", index 2: the "\\" at the end escapes nothing; write "\\\\" for the character'],
      ['[z-a]', 'glob "[z-a]", index 1: the range "z-a" runs backwards; write its lower end first'],
      ['a[]', 'glob "a[]", index 1: the class is empty; put characters into it, "\\]" for a bracket'],
      ['[!]', 'glob "[!]", index 0: the class is empty; put characters into it, "\\]" for a bracket'],
    ])('%s is refused when it is compiled, naming pattern, place and way out', (pattern, message) => {
      expect(() => compileGlob(pattern)).toThrow(new CacheMisuseError(message));
    });
  });
});

describe('escapeGlob', () => {
  it('makes every special character stand for itself', () => {
    const text = 'a*b?[c-d]{e,f}\\g!^';
    expect(matching(escapeGlob(text), [text, 'aXb'])).toEqual([text]);
    expect(matching(`{${escapeGlob(text)},x}*`, [text, 'xy', 'y'])).toEqual([text, 'xy']);
  });
});

import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import {
  CacheClosedError,
  CacheError,
  CacheMisuseError,
  CacheNoLoaderError,
  CacheOptionsError,
  CacheReentrancyError,
  CacheUnknownError,
  isCacheError,
  show,
} from '../../../lib/core/index.js';

const examples: [CacheError, string, string][] = [
  [
    new CacheOptionsError('Options', [{ option: 'ttl', rule: 'must be', received: -1 }]),
    'CacheOptionsError',
    'CACHE_OPTIONS',
  ],
  [new CacheMisuseError('wrong'), 'CacheMisuseError', 'CACHE_MISUSE'],
  [new CacheReentrancyError('users', 1), 'CacheReentrancyError', 'CACHE_REENTRANCY'],
  [new CacheNoLoaderError('users'), 'CacheNoLoaderError', 'CACHE_NO_LOADER'],
  [new CacheClosedError('users'), 'CacheClosedError', 'CACHE_CLOSED'],
  [new CacheUnknownError('users', []), 'CacheUnknownError', 'CACHE_UNKNOWN'],
];

describe('CacheError', () => {
  it.each(examples)('%# is an Error with a name and a stable code', (error, name, code) => {
    expect(error).toBeInstanceOf(Error);
    expect(error).toBeInstanceOf(CacheError);
    expect(error.name).toBe(name);
    expect(error.code).toBe(code);
    expect(String(error)).toBe(`${name}: ${error.message}`);
  });

  it('keeps the cause', () => {
    const cause = new Error('why');
    expect(new CacheMisuseError('wrong', { cause }).cause).toBe(cause);
    expect('cause' in new CacheMisuseError('wrong')).toBe(false);
  });

  it('prints without its brand', () => {
    expect(inspect(new CacheMisuseError('wrong'))).not.toContain('nestjs-strata:error');
  });

  it('says every problem of the options: option, rule and received value', () => {
    const problems = [
      { option: 'ttl', rule: 'must be 0 or more', received: -1 },
      { option: 'policy', rule: 'must be one of lru, lfu', received: 'mru' },
    ];
    const error = new CacheOptionsError('CacheOptions of "users"', problems);
    expect(error.message).toBe(
      'CacheOptions of "users": ttl must be 0 or more (received -1); policy must be one of lru, lfu (received "mru")',
    );
    expect(error.problems).toEqual(problems);
  });

  it('names key, cache and the way out', () => {
    expect(new CacheReentrancyError('users', '42').message).toMatch(
      /loader of "42" in cache "users".*call the source directly/,
    );
    expect(new CacheNoLoaderError('users').message).toMatch(/"users" has no loader; give one/);
    expect(new CacheClosedError('users').message).toMatch(/"users" is closed.*before app\.close\(\)/);
    expect(new CacheUnknownError('users', ['a', 'b'], 'Service.find').message).toMatch(
      /^Service\.find asks for cache "users", .*forRoot.*Known caches: "a", "b"$/,
    );
    expect(new CacheUnknownError('users', []).message).toMatch(/Known caches: none$/);
  });
});

describe('isCacheError', () => {
  it('knows every error of ours, and its code', () => {
    for (const [error, , code] of examples) {
      expect(isCacheError(error)).toBe(true);
      expect(isCacheError(error, 'CACHE_MISUSE')).toBe(code === 'CACHE_MISUSE');
    }
  });

  it('knows the errors of another copy of the package by their brand', () => {
    const foreign = Object.assign(new Error('x'), { [Symbol.for('nestjs-strata:error')]: true, code: 'CACHE_CLOSED' });
    expect(isCacheError(foreign)).toBe(true);
    expect(isCacheError(foreign, 'CACHE_CLOSED')).toBe(true);
    expect(isCacheError(foreign, 'CACHE_MISUSE')).toBe(false);
  });

  it.each([[new Error('x')], [{ code: 'CACHE_CLOSED' }], [null], [undefined], ['CACHE_CLOSED'], [0], [() => 1]])(
    'takes %p for none of ours',
    (value) => {
      expect(isCacheError(value)).toBe(false);
    },
  );
});

describe('show', () => {
  it.each<[unknown, string]>([
    ['text', '"text"'],
    ['', '""'],
    ['a"b\n', '"a\\"b\\n"'],
    [42, '42'],
    [NaN, 'NaN'],
    [10n, '10n'],
    [true, 'true'],
    [null, 'null'],
    [undefined, 'undefined'],
    [Symbol('s'), 'Symbol(s)'],
    [function named() {}, 'function named'],
    [() => 1, 'function (anonymous)'],
    [[1, 2], 'an array of 2'],
    [{ a: 1 }, 'an object (Object)'],
    [new Date(0), 'an object (Date)'],
    [Object.create(null), 'an object (Object)'],
    [{ constructor: { name: 5 } }, 'an object (Object)'],
  ])('shows %p', (value, text) => {
    expect(show(value)).toBe(text);
  });

  it('stays short and on one line, whatever the value', () => {
    const long = 'x'.repeat(10_000);
    const named = Object.defineProperty(() => 1, 'name', { value: `a\nb${long}` });
    const values = [
      long,
      `\u2028${long}`,
      Symbol(`a\r\n${long}`),
      named,
      10n ** 5_000n,
      { constructor: { name: `\n${long}` } },
    ];
    for (const value of values) {
      expect(show(value).length).toBeLessThan(110);
      expect(show(value)).not.toMatch(/[\n\r\u2028]/);
    }
  });

  it('never throws', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const trap = {
      get constructor(): never {
        throw new Error('no');
      },
    };
    expect(show(proxy)).toBe('a value that cannot be shown');
    expect(show(trap)).toBe('a value that cannot be shown');
  });
});

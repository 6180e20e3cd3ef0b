import { describe, expect, it } from '@jest/globals';
import { hasCredentials, keyOfUrl } from '../../../lib/compat/cache-manager/request-key.js';

describe('keyOfUrl', () => {
  it.each([
    ['/a', '/a'],
    ['/a?', '/a?'],
    ['/a?x=1', '/a?x=1'],
    ['/a?y=2&x=1', '/a?x=1&y=2'],
    ['/a?x=2&x=1', '/a?x=2&x=1'],
    ['/a?b&a=&c=1', '/a?a=&b&c=1'],
    ['/a?list[]=2&id=1&list[]=1', '/a?id=1&list[]=2&list[]=1'],
    ['/a?q=%26&p=a?b', '/a?p=a?b&q=%26'],
    ['/a&b', '/a&b'],
  ])('of %s is %s', (url, key) => {
    expect(keyOfUrl(url)).toBe(key);
    expect(keyOfUrl(keyOfUrl(url))).toBe(key);
  });
});

describe('hasCredentials', () => {
  it.each([
    [{ headers: {} }, false],
    [{ headers: { accept: '*/*' }, user: null }, false],
    [{ headers: { authorization: 'Bearer x' } }, true],
    [{ headers: { cookie: 'a=1' } }, true],
    [{ headers: {}, user: { id: 1 } }, true],
    [{ user: 'ada' }, true],
    [undefined, false],
  ])('of %j is %j', (request, expected) => {
    expect(hasCredentials(request)).toBe(expected);
  });
});

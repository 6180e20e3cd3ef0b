import { describe, expect, it } from '@jest/globals';
import { requireOwnAction, requireOwnPage } from '../../../../lib/observability/dashboard/same-origin.js';

const own = { host: 'app.example', 'x-strata-action': '1' };

describe('an action', () => {
  it.each<[string, Record<string, string>]>([
    ['the page itself', { ...own, origin: 'https://app.example', 'sec-fetch-site': 'same-origin' }],
    [
      'the page behind a proxy that changes the host',
      { ...own, host: 'inner', origin: 'https://app.example', 'sec-fetch-site': 'same-origin' },
    ],
    ['the page in a browser that tells only the origin', { ...own, origin: 'http://app.example' }],
    ['a program that is no browser', own],
  ])('is taken from %s', (_, headers) => {
    expect(() => requireOwnAction(headers)).not.toThrow();
  });

  it.each<[string, Record<string, string>]>([
    ['a form, which cannot send the header', { host: 'app.example', 'sec-fetch-site': 'same-origin' }],
    ['another site', { ...own, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['a sibling of the site', { ...own, origin: 'https://blog.app.example', 'sec-fetch-site': 'same-site' }],
    ['another site in a browser that tells only the origin', { ...own, origin: 'https://evil.example' }],
    ['another port', { ...own, origin: 'http://app.example:8080' }],
    ['a frame without an origin', { ...own, origin: 'null' }],
  ])('is refused from %s', (_, headers) => {
    expect(() => requireOwnAction(headers)).toThrow();
  });
});

describe('reading', () => {
  it('is refused to the pages of other sites, also where the app allows them', () => {
    expect(() => requireOwnPage({ 'sec-fetch-site': 'cross-site' })).toThrow();
    expect(() => requireOwnPage({ 'sec-fetch-site': 'same-site' })).toThrow();
    for (const site of ['same-origin', 'none', undefined]) {
      expect(() => requireOwnPage({ 'sec-fetch-site': site })).not.toThrow();
    }
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import CachePolicy from 'http-cache-semantics';
import { deltaMs, parseCacheControl, printCacheControl } from '../../lib/nest/http/cache-control.js';
import { matchesTag } from '../../lib/nest/http/entity-tag.js';
import type { Captured, StoredResponse } from '../../lib/nest/http/http-message.js';
import { canonicalQuery } from '../../lib/nest/http/http-key.js';
import { limitsOf, satisfies } from '../../lib/nest/http/serving-rules.js';
import { ageMs, judge } from '../../lib/nest/http/storing-rules.js';

const RUNS = Number(process.env['STRATA_HTTP_RUNS'] ?? 3_000);
const START_MS = Date.UTC(2026, 0, 1);
/** What the route says where the response does not. */
const ROUTE_TTL_MS = 60_000;

/** The oracle, at a time that the test decides. */
class Oracle extends CachePolicy {
  static nowMs = START_MS;
  /** Not in its types. */
  declare readonly useStaleWhileRevalidate: () => boolean;

  now(): number {
    return Oracle.nowMs;
  }
}

const seconds = fc.integer({ min: 0, max: 120 });
const directive = fc.oneof(
  fc.constantFrom('no-store', 'no-cache', 'private', 'public', 'must-revalidate', 'proxy-revalidate', 'immutable'),
  seconds.map((value) => `max-age=${value}`),
  seconds.map((value) => `max-age="${value}"`),
  seconds.map((value) => `s-maxage=${value}`),
  seconds.map((value) => `stale-while-revalidate=${value}`),
  seconds.map((value) => `stale-if-error=${value}`),
);
/** Each directive once: caches differ about those that are given twice. */
const cacheControl = fc
  .uniqueArray(directive, { maxLength: 4, selector: (text) => text.split('=', 1)[0] })
  .map((directives) => directives.join(', '));

const response = fc
  .record({
    status: fc.constantFrom(
      200,
      200,
      200,
      200,
      200,
      200,
      200,
      203,
      204,
      206,
      300,
      301,
      302,
      304,
      308,
      400,
      401,
      404,
      410,
      418,
      429,
      500,
      503,
    ),
    'cache-control': fc.option(cacheControl, { nil: undefined }),
    expires: fc.option(
      fc.oneof(
        fc.integer({ min: -60, max: 120 }).map((left) => new Date(START_MS + left * 1_000).toUTCString()),
        fc.constantFrom('0', 'tomorrow'),
      ),
      { nil: undefined },
    ),
    age: fc.option(seconds.map(String), { nil: undefined }),
    'set-cookie': fc.option(fc.constant('a=b'), { nil: undefined, freq: 6 }),
    vary: fc.option(fc.constantFrom('*', 'accept'), { nil: undefined, freq: 3 }),
  })
  .map(({ status, ...headers }): Captured => {
    const given = Object.entries(headers).filter(([, value]) => value !== undefined && value !== '');
    return { status, headers: Object.fromEntries(given) as Record<string, string>, body: new Uint8Array() };
  });

/** Responses that say how long they are fresh, and nothing against it. */
const lasting = fc
  .tuple(seconds, fc.option(seconds), fc.option(seconds), fc.option(fc.integer({ min: 0, max: 20 })))
  .map(([maxAge, sharedMaxAge, revalidate, age]): Captured => {
    const directives = [`max-age=${maxAge}`];
    if (sharedMaxAge !== null) directives.push(`s-maxage=${sharedMaxAge}`);
    if (revalidate !== null) directives.push(`stale-while-revalidate=${revalidate}`);
    const headers = { 'cache-control': directives.join(', '), ...(age === null ? {} : { age: String(age) }) };
    return { status: 200, headers, body: new Uint8Array() };
  });

const requestControl = fc
  .uniqueArray(
    fc.oneof(
      fc.constantFrom('no-cache', 'no-store', 'no-transform'),
      seconds.map((value) => `max-age=${value}`),
      seconds.map((value) => `min-fresh=${value}`),
    ),
    { maxLength: 3, selector: (text) => text.split('=', 1)[0] },
  )
  .map((directives) => directives.join(', '));

const rules = (cacheKind: 'shared' | 'private') => ({ cacheKind, ttlMs: ROUTE_TTL_MS, negativeMs: ROUTE_TTL_MS });

function oracleOf(headers: Record<string, string>, { status, headers: given }: Captured, isShared: boolean): Oracle {
  Oracle.nowMs = START_MS;
  const request = { url: '/', method: 'GET', headers };
  return new Oracle(
    request,
    { status, headers: given as Record<string, string> },
    { shared: isShared, cacheHeuristic: 0, immutableMinTimeToLive: 0 },
  );
}

/** Whether the response itself says how long it is fresh. */
function isExplicit({ headers }: Captured, isShared: boolean): boolean {
  const directives = parseCacheControl(headers['cache-control']);
  return directives.has('max-age') || (isShared && directives.has('s-maxage')) || headers['expires'] !== undefined;
}

describe('the rules of @HttpCache against http-cache-semantics', () => {
  it.each(['shared', 'private'] as const)(
    'store only what RFC 9111 lets a %s cache store, for as long as it says',
    (kind) => {
      let stored = 0;
      fc.assert(
        fc.property(response, (captured) => {
          const isShared = kind === 'shared';
          const oracle = oracleOf({}, captured, isShared);
          const verdict = judge(captured, {}, rules(kind), START_MS);
          if (verdict.kind !== 'store') return;
          stored++;
          expect(oracle.storable()).toBe(true);
          if (!isExplicit(captured, isShared)) return;
          const directives = parseCacheControl(captured.headers['cache-control']);
          // The oracle never serves these without asking, though they may be fresh.
          if (isShared && directives.has('proxy-revalidate')) return;
          expect(verdict.ttlMs).toBeCloseTo((oracle.maxAge() - oracle.age()) * 1_000, 0);
        }),
        { numRuns: RUNS },
      );
      expect(stored).toBeGreaterThan(RUNS / 50);
    },
  );

  it('store what a shared cache may store and use, where the response says for how long', () => {
    let allowed = 0;
    fc.assert(
      fc.property(response, (captured) => {
        const oracle = oracleOf({}, captured, true);
        const understood = [200, 203, 204, 300, 301, 308, 404, 410].includes(captured.status);
        const isAllowed = understood && oracle.storable() && oracle.maxAge() > oracle.age();
        // A cookie is its client's, whatever else the response says; the oracle lets `public` and `immutable` share it.
        if (!isAllowed || !isExplicit(captured, true) || captured.headers['set-cookie'] !== undefined) return;
        allowed++;
        expect(judge(captured, {}, rules('shared'), START_MS).kind).toBe('store');
      }),
      { numRuns: RUNS },
    );
    expect(allowed).toBeGreaterThan(RUNS / 200);
  });

  it('serve without asking exactly what the request lets them', () => {
    const tally = { served: 0, refused: 0 };
    fc.assert(
      fc.property(
        fc.oneof(lasting, response),
        requestControl,
        fc.integer({ min: 0, max: 130_000 }),
        (captured, control, laterMs) => {
          const verdict = judge(captured, {}, rules('shared'), START_MS);
          const directives = parseCacheControl(captured.headers['cache-control']);
          if (verdict.kind !== 'store' || !isExplicit(captured, true)) return;
          // The oracle asks for these each time, though they may be fresh.
          if (directives.has('must-revalidate') || directives.has('proxy-revalidate')) return;
          const oracle = oracleOf({}, captured, true);
          const nowMs = START_MS + laterMs;
          const stored: StoredResponse = {
            ...captured,
            generatedAtMs: START_MS - ageMs(captured.headers),
            freshMs: verdict.ttlMs + ageMs(captured.headers),
          };
          const request = { method: 'GET', url: '/', headers: control === '' ? {} : { 'cache-control': control } };
          const limits = limitsOf(request);
          const isFresh = laterMs < verdict.ttlMs;
          const serves = isFresh && (limits === undefined || satisfies(limits, stored, nowMs));
          Oracle.nowMs = nowMs;
          const { revalidation, response: hit } = oracle.evaluateRequest(request);
          const mayServe = hit !== undefined && revalidation === undefined;
          if (serves) expect(mayServe).toBe(true);
          // A reload that a browser asks for by max-age=0 is one, also within the first millisecond.
          else if (!control.includes('max-age=0')) expect(mayServe).toBe(false);
          tally[serves ? 'served' : 'refused']++;
        },
      ),
      { numRuns: RUNS },
    );
    expect(Math.min(tally.served, tally.refused)).toBeGreaterThan(RUNS / 50);
  });

  it('serve stale no longer than the response allows', () => {
    fc.assert(
      fc.property(fc.oneof(lasting, response), (captured) => {
        const verdict = judge(captured, {}, rules('shared'), START_MS);
        if (verdict.kind !== 'store' || !isExplicit(captured, true)) return;
        const oracle = oracleOf({}, captured, true);
        Oracle.nowMs = START_MS + verdict.ttlMs + 1;
        const { revalidateMs } = verdict.staleness;
        const directives = parseCacheControl(captured.headers['cache-control']);
        // Where it says nothing the route may decide; the oracle has no route.
        if (revalidateMs === Infinity) return expect(directives.has('stale-while-revalidate')).toBe(false);
        if (revalidateMs > 1) expect(oracle.useStaleWhileRevalidate()).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });
});

describe('Cache-Control', () => {
  it('is read as it was printed', () => {
    const announcement = fc.record({
      scope: fc.constantFrom('public' as const, 'private' as const, undefined),
      maxAgeMs: seconds.map((value) => value * 1_000),
      revalidateMs: seconds.map((value) => value * 1_000),
      ifErrorMs: seconds.map((value) => value * 1_000),
    });
    fc.assert(
      fc.property(announcement, (given) => {
        const directives = parseCacheControl(printCacheControl(given));
        if (given.scope !== undefined) expect(directives.get(given.scope)).toBe(true);
        if (given.maxAgeMs === 0) return expect(directives.has('no-cache')).toBe(true);
        expect(deltaMs(directives, 'max-age')).toBe(given.maxAgeMs);
        expect(deltaMs(directives, 'stale-while-revalidate') ?? 0).toBe(given.revalidateMs);
        expect(deltaMs(directives, 'stale-if-error') ?? 0).toBe(given.ifErrorMs);
      }),
      { numRuns: RUNS },
    );
  });

  it('is read to its end whatever stands in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 1_200 }), (text) => {
        const directives = parseCacheControl(`${text}, no-store`);
        if (text.length > 990) expect(directives.get('no-store')).toBe(true);
        for (const name of directives.keys()) expect(name).toBe(name.toLowerCase());
      }),
      { numRuns: RUNS },
    );
  });
});

describe('a canonical query', () => {
  const pair = fc.tuple(fc.constantFrom('a', 'b', 'c[]', 'ä', ''), fc.string({ maxLength: 4 }));
  const written = (pairs: readonly (readonly [string, string])[]): string =>
    `/?${pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')}`;

  it('is one for all orders of different names, and another for other values', () => {
    fc.assert(
      fc.property(fc.uniqueArray(pair, { selector: ([name]) => name, maxLength: 5 }), fc.string(), (pairs, other) => {
        const canonical = canonicalQuery(written(pairs), true);
        expect(canonicalQuery(written([...pairs].toReversed()), true)).toBe(canonical);
        const [first, ...rest] = pairs;
        if (first === undefined || first[1] === other) return;
        expect(canonicalQuery(written([[first[0], other], ...rest]), true)).not.toBe(canonical);
      }),
      { numRuns: RUNS },
    );
  });

  it('keeps nothing that is not on the list, and never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), (text) => {
        expect(canonicalQuery(`/?${text}`, new Set(['none of these, surely']))).toBe('');
        canonicalQuery(`/?${text}`, true);
      }),
      { numRuns: RUNS },
    );
  });
});

describe('an entity tag', () => {
  it('is found in a list wherever it stands, strong or weak', () => {
    const opaque = fc
      .string({ unit: fc.constantFrom('a', 'b', ',', ' ', 'W', '/'), maxLength: 5 })
      .map((text) => `"${text.replaceAll(' ', '')}"`);
    const tag = fc.tuple(fc.boolean(), opaque).map(([isWeak, text]) => (isWeak ? `W/${text}` : text));
    fc.assert(
      fc.property(fc.array(tag, { maxLength: 5 }), tag, (listed, own) => {
        const strip = (text: string): string => text.replace(/^W\//, '');
        expect(matchesTag(listed.join(', '), own)).toBe(listed.some((one) => strip(one) === strip(own)));
        expect(matchesTag('*', own)).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });
});

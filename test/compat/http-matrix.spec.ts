import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type INestApplication } from '@nestjs/common';
import * as theirs from '@nestjs/cache-manager';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { Keyv } from 'keyv';
import * as ours from '../../lib/compat/cache-manager/index.js';
import { appOf, Calls, type CachePackage } from './app.js';
import { silence } from './silence.js';
import { HTTP_CASES, type HttpKit } from './http-cases.js';

interface Running extends HttpKit {
  readonly app: INestApplication;
}

async function start(
  pkg: CachePackage,
  adapter: () => ExpressAdapter | FastifyAdapter,
  options: object,
): Promise<Running> {
  const calls = new Calls();
  const module = await Test.createTestingModule({ imports: [appOf(pkg, calls, options)] })
    .setLogger(silence)
    .compile();
  const app = module.createNestApplication(adapter());
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return {
    app,
    calls,
    cache: app.get(pkg.CACHE_MANAGER),
    ask: async (path, init) => {
      const response = await fetch(`${url}/${path}`, init);
      const text = await response.text();
      let body: unknown = text;
      try {
        body = JSON.parse(text);
      } catch {
        // It is text.
      }
      return { status: response.status, body, xCache: response.headers.get('x-cache'), headers: response.headers };
    },
  };
}

const PACKAGES = [
  { pkg: theirs as CachePackage, name: '@nestjs/cache-manager 12', side: 'theirs' },
  // The same names; their classes have members that no other class can have.
  { pkg: ours as unknown as CachePackage, name: 'nestjs-strata/cache-manager', side: 'ours' },
] as const;

const ADAPTERS = [
  { framework: 'Express', adapter: () => new ExpressAdapter() },
  { framework: 'Fastify', adapter: () => new FastifyAdapter() },
] as const;

const OVER_KEYV = { ...PACKAGES[1], ...ADAPTERS[0], name: `${PACKAGES[1].name}, over a Keyv,` };

describe.each([
  ...PACKAGES.flatMap((pkg) => ADAPTERS.map((adapter) => ({ ...pkg, ...adapter, options: {} }))),
  { ...OVER_KEYV, options: { stores: [new Keyv()] } },
])('$name on $framework', ({ pkg, side, adapter, options }) => {
  let kit: Running;

  beforeAll(async () => {
    kit = await start(pkg, adapter, options);
  }, 30_000);

  beforeEach(async () => {
    await kit.cache.clear();
    kit.calls.counts.clear();
  });

  afterAll(() => kit.app.close());

  it.each(HTTP_CASES)(
    '$title',
    async (each) => {
      const seen = await each.run(kit);
      expect(seen).toEqual('same' in each ? each.same : each[side]);
    },
    30_000,
  );
});

describe('a difference', () => {
  it.each(HTTP_CASES.filter((each) => !('same' in each)))('is one, and has its reason: $title', (each) => {
    expect(each.ours).not.toEqual(each.theirs);
    expect(each.because).toMatch(/\w/);
  });
});

import { afterEach, describe, expect, it } from '@jest/globals';
import { type INestApplication } from '@nestjs/common';
import * as theirs from '@nestjs/cache-manager';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import * as ours from '../../lib/compat/cache-manager/index.js';
import { appOf, Calls, type CachePackage } from './app.js';
import { silence } from './silence.js';
import { HTTP_CASES, type HttpKit } from './http-cases.js';

const running: INestApplication[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.close()));
});

async function start(pkg: CachePackage, adapter: () => ExpressAdapter | FastifyAdapter): Promise<HttpKit> {
  const calls = new Calls();
  const module = await Test.createTestingModule({ imports: [appOf(pkg, calls)] })
    .setLogger(silence)
    .compile();
  const app = module.createNestApplication(adapter());
  running.push(app);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return {
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

describe.each(PACKAGES.flatMap((pkg) => ADAPTERS.map((adapter) => ({ ...pkg, ...adapter }))))(
  '$name on $framework',
  ({ pkg, side, adapter }) => {
    it.each(HTTP_CASES)('$title', async (each) => {
      const seen = await each.run(await start(pkg, adapter));
      expect(seen).toEqual('same' in each ? each.same : each[side]);
    });
  },
);

describe('a difference', () => {
  it.each(HTTP_CASES.filter((each) => !('same' in each)))('is one, and has its reason: $title', (each) => {
    expect(each.ours).not.toEqual(each.theirs);
    expect(each.because).toMatch(/\w/);
  });
});

import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, InternalServerErrorException, StreamableFile } from '@nestjs/common';
import { CacheRegistry, HttpCache, memoryTier } from '../../../lib/index.js';
import { InProcessTier } from '../../../lib/testing/index.js';
import { PLATFORMS, startApp, type HttpApp } from './http-app.js';

let apps: HttpApp[] = [];
let calls = 0;
/** Holds the slow handler up. */
let gate: Promise<void> = Promise.resolve();

afterEach(async () => {
  await Promise.all(apps.map(({ app }) => app.close()));
  apps = [];
  calls = 0;
  gate = Promise.resolve();
});

async function started(...given: Parameters<typeof startApp>): Promise<HttpApp> {
  const http = await startApp(...given);
  apps.push(http);
  return http;
}

@Controller('limits')
class Limits {
  @Get('large')
  @HttpCache({ ttl: '1m', maxBodySize: 1_000 })
  large() {
    calls++;
    const pieces = Array.from({ length: 50 }, (_, at) => Buffer.from(String(at % 10).repeat(100)));
    return new StreamableFile(Readable.from(pieces), { type: 'text/plain' });
  }

  @Get('text')
  @HttpCache({ ttl: '1m', maxBodySize: 1_000 })
  text() {
    calls++;
    return 'x'.repeat(1_001);
  }

  @Get('broken')
  @HttpCache({ ttl: '1m' })
  broken() {
    calls++;
    const stream = new Readable({
      read() {
        this.destroy(new Error('the disk is gone'));
      },
    });
    return new StreamableFile(stream);
  }

  @Get('binary')
  @HttpCache({ ttl: '1m' })
  binary() {
    calls++;
    return new StreamableFile(Buffer.from(Array.from({ length: 256 }, (_, at) => at)), { type: 'image/png' });
  }

  @Get('slow')
  @HttpCache({ ttl: '10s', staleIfError: '1m', staleBackoff: 0, loadTimeout: { soft: '1s', hard: '5s' } })
  async slow() {
    const call = ++calls;
    await gate;
    return { call };
  }

  @Get('failing')
  @HttpCache({ ttl: '1m' })
  async failing() {
    calls++;
    await gate;
    throw new InternalServerErrorException('once for all');
  }
}

describe.each(PLATFORMS)('@HttpCache at its limits on %s', (platform) => {
  it('lets a body through that is too large, and keeps none of it', async () => {
    const http = await started(platform, { controllers: [Limits] });
    const answers = [await http.ask('/limits/large'), await http.ask('/limits/large'), await http.ask('/limits/text')];

    expect(answers.map(({ body }) => body.length)).toEqual([5_000, 5_000, 1_001]);
    expect(answers[0]?.headers['content-type']).toContain('text/plain');
    expect(answers.map(({ cache }) => cache)).toEqual(['MISS', 'MISS', 'MISS']);
    expect(calls).toBe(3);
    expect(http.app.get(CacheRegistry).get('http').stats().size).toBe(0);
  });

  it('gives a body that is too large to each of those who wait', async () => {
    const http = await started(platform, { controllers: [Limits] });
    const answers = await Promise.all([1, 2, 3].map(() => http.ask('/limits/large')));

    expect(answers.map(({ body }) => body.length)).toEqual([5_000, 5_000, 5_000]);
  });

  it('keeps nothing of a stream that breaks', async () => {
    const http = await started(platform, { controllers: [Limits] });
    const answers = [await http.ask('/limits/broken'), await http.ask('/limits/broken')];

    expect(answers.map(({ status, cache }) => [status >= 400, cache])).toEqual([1, 2].map(() => [true, 'MISS']));
    expect(calls).toBe(2);
  });

  it('sends bytes that are no text as they are', async () => {
    const http = await started(platform, { controllers: [Limits] });
    const answers = [await http.ask('/limits/binary'), await http.ask('/limits/binary')];

    expect(answers.map(({ cache }) => cache)).toEqual(['MISS', 'HIT']);
    for (const { body, headers } of answers) {
      expect([...body]).toEqual(Array.from({ length: 256 }, (_, at) => at));
      expect(headers['content-type']).toBe('image/png');
    }
  });

  it('gives one error to all who wait, and runs the handler again for the next', async () => {
    const http = await started(platform, { controllers: [Limits] });
    let open = (): void => {};
    gate = new Promise((resolve) => (open = resolve));
    const waiting = Array.from({ length: 20 }, () => http.ask('/limits/failing'));
    while (calls === 0) await new Promise(setImmediate);
    await new Promise((resolve) => setImmediate(resolve));
    const before = calls;
    open();
    const answers = await Promise.all(waiting);

    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 500));
    expect(before).toBe(1);
    expect((await http.ask('/limits/failing')).status).toBe(500);
  });

  describe('when the handler is slow', () => {
    it('sends what is stale after loadTimeout.soft, and keeps what the handler sends later', async () => {
      const http = await started(platform, { controllers: [Limits] });
      await http.ask('/limits/slow');
      http.clock.advance(15_000);
      let open = (): void => {};
      gate = new Promise((resolve) => (open = resolve));
      const waiting = http.ask('/limits/slow');
      while (calls < 2) await new Promise(setImmediate);
      http.clock.advance(1_000);
      const stale = await waiting;
      open();
      let fresh = await http.ask('/limits/slow');
      while (fresh.cache === 'STALE') fresh = await http.ask('/limits/slow');

      expect([stale.status, stale.cache, JSON.parse(stale.text)]).toEqual([200, 'STALE', { call: 1 }]);
      expect(JSON.parse(fresh.text)).toEqual({ call: 2 });
      expect(calls).toBe(2);
    });

    it('answers 504 after loadTimeout.hard where nothing is stale, and keeps what the handler sends later', async () => {
      const http = await started(platform, { controllers: [Limits] });
      let open = (): void => {};
      gate = new Promise((resolve) => (open = resolve));
      const waiting = [http.ask('/limits/slow'), http.ask('/limits/slow')];
      const registry = http.app.get(CacheRegistry);
      while (registry.get('http').stats().joins === 0) await new Promise(setImmediate);
      http.clock.advance(5_000);
      const late = await Promise.all(waiting);
      open();
      while (registry.get('http').stats().size === 0) await new Promise(setImmediate);
      const kept = await http.ask('/limits/slow');

      expect(late.map(({ status }) => status)).toEqual([504, 504]);
      expect([kept.cache, JSON.parse(kept.text)]).toEqual(['HIT', { call: 1 }]);
    });
  });

  it('finds in a shared tier what another node has stored, with its age', async () => {
    const shared = new InProcessTier();
    const cache = { tiers: [memoryTier(), shared] };
    const one = await started(platform, { controllers: [Limits], cache });
    const miss = await one.ask('/limits/binary', { headers: { host: 'example.com' } });
    const other = await started(platform, { controllers: [Limits], cache: { ...cache, clock: one.clock } });
    one.clock.advance(30_000);
    const hit = await other.ask('/limits/binary', { headers: { host: 'example.com' } });

    expect([miss.cache, hit.cache, hit.headers['age'], calls]).toEqual(['MISS', 'HIT', '30', 1]);
    expect(hit.body).toEqual(miss.body);
    expect(hit.headers['etag']).toBe(miss.headers['etag']);
  });
});

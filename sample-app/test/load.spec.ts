import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { drive } from '../load/drive.js';
import { GuideApp } from '../load/guide-app.js';
import { seededRandom, zipf } from '../load/random.js';
import { percentile } from '../load/percentile.js';
import { table } from '../load/report.js';
import { type Destination, requestMix } from '../load/request-mix.js';
import { PATIENCE_MS } from './support/running-app.js';

jest.setTimeout(PATIENCE_MS);

describe('the request mix of the load', () => {
  const world: Destination[] = Array.from({ length: 100 }, (_, index) => ({
    cityId: index + 1,
    population: index * 1_000,
    loc: { coordinates: [index, -index / 2] },
  }));

  it('is the same for the same seed, and another for another', () => {
    const take = (next: () => string): string[] => Array.from({ length: 200 }, next);
    expect(take(requestMix(1, world))).toEqual(take(requestMix(1, world)));
    expect(take(requestMix(2, world))).not.toEqual(take(requestMix(1, world)));
  });

  it('asks for every kind of thing', () => {
    const next = requestMix(3, world);
    const paths = Array.from({ length: 500 }, next);
    for (const kind of [
      /^\/cities\/\d+$/,
      /^\/cities\/nearest\?/,
      /^\/cities\/search\?/,
      /^\/countries\/[A-Z]{2}\/stats$/,
    ]) {
      expect(paths.filter((path) => kind.test(path)).length).toBeGreaterThan(20);
    }
  });

  it('picks the first of a list twice as often as the second, and three times as often as the third', () => {
    const pick = zipf(['first', 'second', 'third'], seededRandom(7));
    const counts = new Map<string, number>();
    for (let picks = 0; picks < 11_000; picks++) {
      const picked = pick();
      counts.set(picked, (counts.get(picked) ?? 0) + 1);
    }
    // 6 : 3 : 2 of 11,000; the seed is fixed, so is the result.
    expect(Math.abs((counts.get('first') ?? 0) - 6_000)).toBeLessThan(200);
    expect(Math.abs((counts.get('second') ?? 0) - 3_000)).toBeLessThan(200);
    expect(Math.abs((counts.get('third') ?? 0) - 2_000)).toBeLessThan(200);
  });
});

describe('a phase of the load', () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.close();
  });

  it('makes the requests that its bound allows, and reads queries and hits as differences', async () => {
    let asked = 0;
    const app = await appThat((path) => {
      if (path === '/progress') return { state: 'ready', queries: 10 + asked };
      if (path === '/stats')
        return { caches: { a: { gets: 5 + 2 * asked, hits: 5 + asked }, b: { gets: 0, hits: 0 } } };
      asked++;
      return {};
    });
    const shares: number[] = [];
    const bounds = { requests: 20, milliseconds: PATIENCE_MS, readers: 3 };
    const result = await drive(
      app,
      () => '/ask',
      bounds,
      (share) => shares.push(share),
    );
    expect(asked).toBe(20);
    expect(result).toMatchObject({ requests: 20, failures: 0, queries: 20, hitRate: 0.5 });
    expect(result.latencies).toEqual([...result.latencies].sort((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
  });

  it('counts answers other than 200 as failures', async () => {
    const app = await appThat((path) => {
      if (path === '/progress') return { state: 'ready', queries: 0 };
      return path === '/stats' ? { caches: {} } : undefined;
    });
    const result = await drive(
      app,
      () => '/ask',
      { requests: 4, milliseconds: PATIENCE_MS, readers: 2 },
      () => {},
    );
    expect(result).toMatchObject({ requests: 4, failures: 4, hitRate: 0 });
  });

  it('drives no app that is still filling', async () => {
    await expect(appThat(() => ({ state: 'filling' }))).rejects.toThrow('still filling');
  });

  /** Finds, at a port, an app that answers with that body, or 404 without one. */
  async function appThat(answer: (path: string) => object | undefined): Promise<GuideApp> {
    const listening = createServer((request, response) => {
      const body = answer(request.url ?? '');
      response.writeHead(body === undefined ? 404 : 200).end(JSON.stringify(body ?? {}));
    });
    server = listening;
    await new Promise<void>((resolve) => listening.listen(0, resolve));
    const { port } = listening.address() as AddressInfo; // it listens on a port
    const app = await GuideApp.running(port);
    if (app === undefined) throw new Error('nobody answers');
    return app;
  }
});

describe('the report of the load', () => {
  it('takes the smallest value that at least the share of all values do not exceed', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
    expect([0.5, 0.9, 0.99, 1].map((share) => percentile(hundred, share))).toEqual([50, 90, 99, 100]);
    expect(percentile([7], 0.5)).toBe(7);
    expect(percentile([], 0.5)).toBe(0);
  });

  it('lines the phases up under their columns', () => {
    const reading = { failures: 0, seconds: 2, hitRate: 0.25, latencies: [1, 2, 3, 4] };
    const lines = table([
      { name: 'without', requests: 4, queries: 8, ...reading },
      { name: 'with', requests: 4_000, queries: 1, ...reading },
    ]).split('\n');
    expect(lines).toHaveLength(3);
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
    expect(lines[1]).toMatch(/^without +4 +2\.0 +4\.0 +4\.0 +2 +8 +2\.00 +25\.0%$/);
  });

  it('divides nothing by nothing', () => {
    const nothing = { requests: 0, failures: 0, seconds: 1, queries: 0, hitRate: 0, latencies: [] };
    expect(table([{ name: 'none', ...nothing }])).not.toContain('NaN');
  });
});

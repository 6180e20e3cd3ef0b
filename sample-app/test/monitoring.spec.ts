import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startRedis } from '../../test/servers/index.js';
import { PATIENCE_MS, RunningApp } from './support/running-app.js';

jest.setTimeout(PATIENCE_MS);

interface Health {
  readonly status: string;
  readonly details: { readonly caches: { readonly status: string; readonly problems: readonly string[] } };
}

interface Hot {
  readonly key: number;
  readonly lookups: number;
}

interface Memory {
  readonly heap: { readonly usedBytes: number; readonly limitBytes: number };
  readonly usedBytes: number;
  readonly pressed: boolean;
  readonly gaveBack: { readonly times: number; readonly entries: number };
  readonly caches: Readonly<Record<string, { readonly usedBytes: number }>>;
}

const PARIS = 2_988_507;

describe('a running city guide, watched', () => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await RunningApp.start({ STRATA_CITIES: '300' });
  });
  afterAll(() => app.stop());

  describe('/metrics', () => {
    it('tells Prometheus what the caches did', async () => {
      await app.get('/countries/FR/stats');
      await app.get('/countries/FR/stats');
      const response = await fetch(`${await app.address()}/metrics`);
      const text = await response.text();
      expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
      expect(text).toContain('strata_cache_lookups_total{cache="countryStats",result="hit"} 1');
      expect(text).toContain('strata_cache_loads_total{cache="countryStats"} 1');
      expect(text).toMatch(/strata_cache_load_duration_seconds_count\{cache="countryStats"\} 1/);
    });
  });

  describe('/health', () => {
    it('is ok', async () => {
      const { status, body } = await app.get<Health>('/health');
      expect(status).toBe(200);
      expect(body).toMatchObject({ status: 'ok', details: { caches: { status: 'up', problems: [] } } });
    });
  });

  describe('/memory', () => {
    it('tells how full the heap is, and that every cache takes part in giving it back', async () => {
      const { status, body } = await app.get<Memory>('/memory');
      expect(status).toBe(200);
      expect(body.heap.usedBytes).toBeGreaterThan(0);
      expect(body.heap.usedBytes).toBeLessThan(body.heap.limitBytes);
      expect(body).toMatchObject({ pressed: false, gaveBack: { times: 0, entries: 0 } });
      expect(Object.keys(body.caches)).toEqual(expect.arrayContaining(['cities', 'countryStats']));
    });
  });

  describe('/hot', () => {
    it('names the cities that are asked for most', async () => {
      for (let time = 0; time < 5; time++) await app.get(`/cities/${PARIS}`);
      const { body } = await app.get<Hot[]>('/hot');
      expect(body[0]).toMatchObject({ key: PARIS, lookups: 5 });
    });
  });
});

describe('a city guide whose Redis goes away', () => {
  const apps: RunningApp[] = [];
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.stop('SIGKILL')));
  });

  it('is degraded and answers, and says so once in the log', async () => {
    const redis = await startRedis();
    const app = await RunningApp.start({ STRATA_CITIES: '300' }, ['--redis', redis.url]);
    apps.push(app);
    expect((await app.get<Health>('/health')).body.status).toBe('ok');
    await redis.kill();
    let health = await app.get<Health>('/health');
    for (let id = 0; health.body.status === 'ok'; id++) {
      expect((await app.get(`/cities/search?name=${'abcdefgh'[id % 8]}${id}`)).status).toBe(200);
      health = await app.get<Health>('/health');
    }
    expect(health.status).toBe(200);
    expect(health.body).toMatchObject({ status: 'degraded', details: { caches: { status: 'degraded' } } });
    expect(health.body.details.caches.problems.join()).toMatch(/tier "redis"|bus "redis"/);
    await app.line('breaker tier=redis cause=open');
    expect(app.output.match(/breaker tier=redis cause=open/g)).toHaveLength(1);
    await redis.stop();
  });
});

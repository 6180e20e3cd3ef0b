import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { EventStream } from './support/event-stream.js';
import { PATIENCE_MS, type Refusal, RunningApp } from './support/running-app.js';

jest.setTimeout(PATIENCE_MS);

describe('a running city guide', () => {
  let app: RunningApp;
  const streams: EventStream[] = [];
  beforeAll(async () => {
    app = await RunningApp.start();
  });
  afterEach(() => {
    for (const stream of streams.splice(0)) stream.close();
  });
  afterAll(() => app.stop());

  describe('/events', () => {
    it('tells of a miss, its load and its put, and then of a hit, in this order', async () => {
      const events = await open('/events?cache=countryStats');
      await app.get('/countries/DE/stats');
      await app.get('/countries/DE/stats');
      expect((await events.take(4)).map(({ type, key }) => [type, key])).toEqual([
        ['miss', 'DE'],
        ['load', 'DE'],
        ['put', 'DE'],
        ['hit', 'DE'],
      ]);
    });

    it('tells only of the caches and types that were asked for', async () => {
      const events = await open('/events?cache=cities,countryStats&type=put');
      await app.get('/countries/FR/stats');
      await app.get('/countries/FR/stats');
      await app.get('/cities/2950159');
      // Berlin, put by a load; then its eight neighbours.
      const [stats, city] = await events.take(10);
      expect(stats).toMatchObject({ cache: 'countryStats', type: 'put', key: 'FR' });
      expect(city).toMatchObject({ cache: 'cities', type: 'put', key: 2_950_159 });
    });

    it('tells of an invalidation by group in each cache that it reaches', async () => {
      await app.get('/countries/JP/stats');
      const events = await open('/events?type=invalidate');
      await app.request('DELETE', '/countries/JP/cache');
      const [first] = await events.take(1);
      expect(first).toMatchObject({ type: 'invalidate', cause: 'group', group: 'country:JP' });
    });

    it('refuses a cache or a type that does not exist, naming those that do', async () => {
      const cache = await app.get<Refusal>('/events?cache=towns');
      expect(cache.status).toBe(400);
      expect(cache.body.message).toMatch(/towns.*cities/);
      const type = await app.get<Refusal>('/events?type=bang');
      expect(type.status).toBe(400);
      expect(type.body.message).toMatch(/bang.*hit.*miss/);
    });

    it('promise Life: ends the stream when the app shuts down, and the app exits by itself', async () => {
      const other = await RunningApp.start({ STRATA_CITIES: '10' });
      const events = await EventStream.open(`${await other.address()}/events`);
      const exit = other.stop();
      expect(await events.ends()).toBe(true);
      expect(await exit).toBe(0);
    });
  });

  describe('/changes', () => {
    it('lists the cities that callers changed, the last one first, and no city that was only read', async () => {
      const shanghai = 1_796_236;
      const istanbul = 745_044;
      await app.get('/cities/3435910');
      await app.request('PUT', `/cities/${shanghai}`, { population: 1 });
      await app.request('PUT', `/cities/${istanbul}`, { population: 2 });
      const { body } = await app.get<{ id: number }[]>('/changes');
      expect(body.map((change) => change.id)).toEqual([istanbul, shanghai]);
    });
  });

  async function open(path: string): Promise<EventStream> {
    const stream = await EventStream.open((await app.address()) + path);
    streams.push(stream);
    return stream;
  }
});

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { City } from '../src/cities/city.js';
import type { CountryStats } from '../src/countries/country.js';
import { PATIENCE_MS, RunningApp } from './support/running-app.js';

jest.setTimeout(PATIENCE_MS);

// The ids of GeoNames. Each test has places of its own, so that no test finds what another one has warmed.
const BERLIN = 2_950_159;
const HAMBURG = 2_911_298;
const MUNICH = 2_867_714;
const PARIS = 2_988_507;
const TOKYO = 1_850_147;
const MADRID = 3_117_735;
const ROME = 3_169_070;
const LIMA = 3_936_456;
const CAIRO = 360_630;

type CityAnswer = City & { readonly neighbours: readonly (City & { readonly km: number })[] };
interface Numbers {
  readonly hits: number;
  readonly misses: number;
  readonly loads: number;
  readonly joins: number;
}
type StatsAnswer = { readonly caches: Readonly<Record<string, Numbers>> };

describe('the city guide', () => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await RunningApp.start();
  });
  afterAll(() => app.stop());

  describe('when the guide itself is read again', () => {
    it('sends the response that it has, and 304 to who has it too', async () => {
      const first = await app.get<{ name: string }>('/');
      const second = await app.get<{ name: string }>('/?whatever');
      const etag = second.headers.get('etag') ?? '';
      // Else fetch() adds no-cache to a request with a condition of its own. The types of Node do not know the option.
      const asked = { cache: 'force-cache', headers: { 'if-none-match': etag } } as RequestInit;
      const third = await fetch(await app.address(), asked);

      expect([first, second].map(({ headers }) => headers.get('x-cache'))).toEqual(['MISS', 'HIT']);
      expect(second.body).toEqual(first.body);
      expect(second.headers.get('cache-control')).toBe('public, max-age=60');
      expect([third.status, third.headers.get('x-cache')]).toEqual([304, 'HIT']);
    });
  });

  describe('when something is read again', () => {
    it('answers a city and its neighbours without a query', async () => {
      expect(await app.queriesOf(`/cities/${TOKYO}`)).toBe(3);
      expect(await app.queriesOf(`/cities/${TOKYO}`)).toBe(0);
    });

    it('gives the same answer', async () => {
      const first = await app.get<CityAnswer>(`/cities/${MADRID}`);
      const second = await app.get<CityAnswer>(`/cities/${MADRID}`);
      expect(first.body.name).toBe('Madrid');
      expect(first.body.neighbours).toHaveLength(8);
      expect(second.body).toEqual(first.body);
    });

    it('answers the cities around a place without a query, for all places within a hundredth of a degree', async () => {
      expect(await app.queriesOf('/cities/nearest?lat=59.3312&lon=18.0711&limit=3')).toBe(2);
      expect(await app.queriesOf('/cities/nearest?lat=59.3349&lon=18.0689&limit=3')).toBe(0);
    });

    it('queries again for another place or another limit', async () => {
      await app.get('/cities/nearest?lat=40.42&lon=-3.70&limit=2');
      expect(await app.queriesOf('/cities/nearest?lat=40.42&lon=-3.70&limit=1')).toBe(1);
      expect(await app.queriesOf('/cities/nearest?lat=-40.42&lon=-3.70&limit=2')).toBeGreaterThan(0);
    });

    it('answers a search without a query, in upper case too', async () => {
      expect(await app.queriesOf('/cities/search?name=santiago')).toBe(2);
      expect(await app.queriesOf('/cities/search?name=SANTIAGO')).toBe(0);
    });

    it('reads from the database only those cities of a search that no other read brought', async () => {
      await app.get('/cities/search?name=shangh');
      // The search itself; the city that it finds is known.
      expect(await app.queriesOf('/cities/search?name=shangha')).toBe(1);
    });

    it('answers the countries without a query', async () => {
      expect(await app.queriesOf('/countries')).toBe(1);
      expect(await app.queriesOf('/countries')).toBe(0);
    });

    it('tells in a header that no query was made', async () => {
      await app.get('/countries/AU/stats');
      const { headers } = await app.get('/countries/AU/stats');
      expect(headers.get('x-database-queries')).toBe('0');
    });
  });

  describe('when fifty readers ask for one thing at once', () => {
    it('makes one query, and counts one miss, one load and forty-nine others', async () => {
      const before = await numbers('countryStats');
      const queries = await app.queriesDuring(async () => {
        const answers = await Promise.all(
          Array.from({ length: 50 }, () => app.get<CountryStats>('/countries/BR/stats')),
        );
        expect(answers.map(({ body }) => body.largest[0])).toEqual(Array.from({ length: 50 }, () => 'São Paulo'));
      });
      const after = await numbers('countryStats');
      expect(queries).toBe(1);
      expect(after.misses - before.misses).toBe(1);
      expect(after.loads - before.loads).toBe(1);
      expect(after.hits + after.joins - before.hits - before.joins).toBe(49);
    });
  });

  describe('when a city is changed', () => {
    it('shows the change to every reader, with no query but the update', async () => {
      await app.get(`/cities/${LIMA}`);
      expect(await app.queriesDuring(() => change(LIMA, { population: 9_999_999 }))).toBe(1);
      const queries = await app.queriesDuring(async () => {
        const { body } = await app.get<CityAnswer>(`/cities/${LIMA}`);
        expect(body.population).toBe(9_999_999);
      });
      expect(queries).toBe(0);
    });

    it('shows the change in lists that were remembered before', async () => {
      const near = '/cities/nearest?lat=30.06&lon=31.25&limit=5';
      await app.get(near);
      await change(CAIRO, { name: 'Al-Qahira' });
      const queries = await app.queriesDuring(async () => {
        const { body } = await app.get<{ cities: City[] }>(near);
        expect(body.cities.map((city) => city.name)).toContain('Al-Qahira');
      });
      expect(queries).toBe(0);
    });

    it("makes the country's numbers new, and leaves those of other countries", async () => {
      const { body: before } = await app.get<CountryStats>('/countries/FR/stats');
      await app.get('/countries/GB/stats');
      const { body: paris } = await app.get<CityAnswer>(`/cities/${PARIS}`);
      await change(PARIS, { population: paris.population + 1_000 });
      const queries = await app.queriesDuring(async () => {
        const { body } = await app.get<CountryStats>('/countries/FR/stats');
        expect(body.population).toBe(before.population + 1_000);
      });
      expect(queries).toBe(1);
      expect(await app.queriesOf('/countries/GB/stats')).toBe(0);
    });

    it('is found by its new name', async () => {
      await app.get('/cities/search?name=urbs aeterna');
      await change(ROME, { name: 'Urbs Aeterna' });
      const { body } = await app.get<City[]>('/cities/search?name=urbs aeterna');
      expect(body.map((city) => city.id)).toEqual([ROME]);
    });

    it('keeps what is absent from the change', async () => {
      const { body: before } = await app.get<CityAnswer>(`/cities/${MUNICH}`);
      const { body: changed } = await change(MUNICH, { population: 5 });
      expect(changed).toMatchObject({ id: MUNICH, name: before.name, country: 'DE', lat: before.lat, population: 5 });
    });
  });

  describe('when something is to be forgotten', () => {
    it('queries again for that city, and for no other', async () => {
      await app.get(`/cities/${BERLIN}`);
      await app.get(`/cities/${HAMBURG}`);
      await forget(`/cities/${BERLIN}/cache`);
      // The city and its neighbours' ids; the neighbours themselves are still known.
      expect(await app.queriesOf(`/cities/${BERLIN}`)).toBe(2);
      expect(await app.queriesOf(`/cities/${HAMBURG}`)).toBe(0);
    });

    it('queries again for everything of that country, in all caches, and for no other country', async () => {
      const italian = ['/countries/IT/stats', `/cities/${ROME}`];
      const others = ['/countries/ES/stats', `/cities/${MADRID}`];
      for (const path of [...italian, ...others]) await app.get(path);
      await forget('/countries/it/cache');
      expect(await app.queriesOf('/countries/IT/stats')).toBe(1);
      // The city, the ids of its neighbours, and its neighbours: all of them are Italian.
      expect(await app.queriesOf(`/cities/${ROME}`)).toBe(3);
      for (const path of others) expect(await app.queriesOf(path)).toBe(0);
    });

    it('queries again for the searches that match, and for no other', async () => {
      for (const name of ['kobe', 'kolkata', 'osaka']) await app.get(`/cities/search?name=${name}`);
      const { body } = await app.request('DELETE', '/cities/search/cache?matching=ko*');
      expect(body).toEqual({ forgotten: 2 });
      // The searches; the cities that they find are still known.
      expect(await app.queriesOf('/cities/search?name=kobe')).toBe(1);
      expect(await app.queriesOf('/cities/search?name=kolkata')).toBe(1);
      expect(await app.queriesOf('/cities/search?name=osaka')).toBe(0);
    });
  });

  describe('/stats', () => {
    it('names each cache with its numbers', async () => {
      const { body } = await app.get<StatsAnswer>('/stats');
      expect(Object.keys(body)).toEqual(['caches']);
      expect(Object.keys(body.caches).sort()).toEqual([
        'CountriesService.list',
        'cities',
        'countryStats',
        'http',
        'nearest',
        'neighbours',
        'searches',
        'weather',
      ]);
      for (const stats of Object.values(body.caches)) {
        expect(stats).toMatchObject({
          gets: expect.any(Number),
          hits: expect.any(Number),
          misses: expect.any(Number),
          hitRate: expect.any(Number),
          size: expect.any(Number),
          latency: { hit: { p50: expect.any(Number) }, load: { p99: expect.any(Number) } },
        });
      }
    });

    it('counts a miss of the first read and a hit of the second', async () => {
      const before = await numbers('countryStats');
      await app.get('/countries/MX/stats');
      await app.get('/countries/MX/stats');
      const after = await numbers('countryStats');
      expect(after.misses - before.misses).toBe(1);
      expect(after.hits - before.hits).toBe(1);
    });
  });

  async function numbers(cache: string): Promise<Numbers> {
    const { body } = await app.get<StatsAnswer>('/stats');
    const stats = body.caches[cache];
    if (stats === undefined) throw new Error(`/stats knows no cache ${cache}`);
    return stats;
  }

  async function change(id: number, body: object): Promise<{ body: City }> {
    const answer = await app.request<City>('PUT', `/cities/${id}`, body);
    expect(answer.status).toBe(200);
    return answer;
  }

  async function forget(path: string): Promise<void> {
    expect((await app.request('DELETE', path)).status).toBe(204);
  }
});

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { City } from '../src/cities/city.js';
import type { CountryStats } from '../src/countries/country.js';
import { PATIENCE_MS, type Refusal, RunningApp } from './support/running-app.js';

jest.setTimeout(PATIENCE_MS);

const BERLIN = 2_950_159;

describe('the answers of the city guide', () => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await RunningApp.start();
  });
  afterAll(() => app.stop());

  it('begin with a guide whose addresses answer', async () => {
    const { body } = await app.get<{ read: Record<string, string>; watch: Record<string, string> }>('/');
    const paths = [...Object.keys(body.read), ...Object.keys(body.watch)].filter((path) => path !== '/events');
    expect(paths.length).toBeGreaterThan(6);
    for (const path of paths) expect(`${path}: ${(await app.get(path)).status}`).toBe(`${path}: 200`);
  });

  it('name the nearest cities, nearest first', async () => {
    const { body } = await app.get<{ cities: (City & { km: number })[] }>('/cities/nearest?lat=48.86&lon=2.35&limit=4');
    expect(body.cities).toHaveLength(4);
    expect(body.cities[0]).toMatchObject({ name: 'Paris', country: 'FR' });
    const distances = body.cities.map((city) => city.km);
    expect(distances).toEqual([...distances].sort((a, b) => a - b));
  });

  it('name the largest cities whose name contains a text, taken literally', async () => {
    const { body } = await app.get<City[]>('/cities/search?name=york');
    expect(body[0]).toMatchObject({ name: 'New York City', population: 8_175_133 });
    expect((await app.get<City[]>('/cities/search?name=%25%25')).body).toEqual([]);
  });

  it("give a country's numbers", async () => {
    const { body } = await app.get<CountryStats>('/countries/de/stats');
    expect(body).toMatchObject({ code: 'DE', largest: ['Berlin', 'Hamburg', 'Munich', 'Köln', 'Frankfurt am Main'] });
    expect(body.averagePopulation).toBe(Math.round(body.population / body.cities));
  });

  it.each([
    ['GET', '/cities/nearest?lat=91&lon=0', 'lat must be a number from -90 to 90; received "91"'],
    ['GET', '/cities/nearest?lat=1', 'lon must be a number from -180 to 180; it is missing'],
    ['GET', '/cities/nearest?lat=1&lon=1&limit=1.5', 'limit must be a whole number from 1 to 50; received "1.5"'],
    ['GET', '/cities/search?name=a', 'name must be a text of 2 to 50 characters; received "a"'],
    ['GET', '/cities/berlin', 'id must be a whole number from 1 to 2147483647; received "berlin"'],
    ['GET', '/countries/DEU/stats', 'the country must be two letters, such as DE, FR or JP; received "DEU"'],
    ['DELETE', '/cities/search/cache', 'matching must be a text of 1 to 50 characters; it is missing'],
    ['DELETE', '/cities/search/cache?matching=[a', expect.stringContaining('[a')],
  ])('refuse %s %s and say what is wrong', async (method, path, message) => {
    const { status, body } = await app.request<Refusal>(method, path);
    expect({ status, message: body.message }).toEqual({ status: 400, message });
  });

  it.each([
    [{}, 'nothing to change; send {"population": 3500000}, {"name": "Berlin"} or both'],
    [{ population: -1 }, 'population must be a whole number from 0 to 100000000; received -1'],
    [{ population: '5' }, 'population must be a whole number from 0 to 100000000; received "5"'],
    [{ name: ' ' }, 'name must be a text of 1 to 200 characters; received " "'],
    [{ country: 'FR' }, '"country" cannot be changed; send "name", "population" or both'],
  ])('refuse the change %j and say what is wrong', async (change, message) => {
    const { status, body } = await app.request<Refusal>('PUT', `/cities/${BERLIN}`, change);
    expect({ status, message: body.message }).toEqual({ status: 400, message });
  });

  it.each([
    ['GET', '/cities/1', 0],
    ['PUT', '/cities/2', 0],
    ['GET', '/cities/3/weather', 0],
    ['GET', '/countries/XX/stats', 1],
  ])('are 404 for %s %s, which nobody knows, and when asked again make %i queries', async (method, path, queries) => {
    const ask = () => app.request(method, path, method === 'PUT' ? { population: 1 } : undefined);
    expect(await app.queriesDuring(async () => expect((await ask()).status).toBe(404))).toBe(1);
    expect(await app.queriesDuring(async () => expect((await ask()).status).toBe(404))).toBe(queries);
  });
});

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { PATIENCE_MS, RunningApp } from './support/running-app.js';

jest.setTimeout(PATIENCE_MS);

describe('the city guide with STRATA_CACHE=off', () => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await RunningApp.start({ STRATA_CACHE: 'off' });
  });
  afterAll(() => app.stop());

  it('queries for every read, however often', async () => {
    for (const [path, queries] of [
      ['/cities/2950159', 3],
      ['/cities/search?name=paris', 2],
      ['/cities/nearest?lat=1&lon=2', 2],
      ['/countries/DE/stats', 1],
      ['/countries', 1],
    ] as const) {
      expect(await app.queriesOf(path)).toBe(queries);
      expect(await app.queriesOf(path)).toBe(queries);
    }
  });

  it('shows changes at once all the same', async () => {
    await app.request('PUT', '/cities/2950159', { population: 7 });
    const { body } = await app.get<{ population: number }>('/cities/2950159');
    expect(body.population).toBe(7);
  });
});

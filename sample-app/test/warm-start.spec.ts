import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Country } from '../src/countries/country.js';
import { PATIENCE_MS, RunningApp } from './support/running-app.js';

jest.setTimeout(PATIENCE_MS);

const CITY = '/cities/2950159';
const PLACE = '/cities/nearest?lat=52.52&lon=13.41&limit=3';

const apps: RunningApp[] = [];
let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'city-guide-'))));
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.stop('SIGKILL')));
  rmSync(folder, { recursive: true, force: true });
});

/** Starts the app, and waits until it has loaded what nobody has asked for yet. */
async function start(cities: string): Promise<RunningApp> {
  const app = RunningApp.spawn({ STRATA_CITIES: cities, STRATA_DATA: folder, STRATA_WARM: 'on' });
  apps.push(app);
  await app.ready();
  expect(await app.line('countryStats: warm')).toBe('countryStats: warm, 10 loaded');
  return app;
}

describe('the city guide, started warm', () => {
  it('begins with what was loaded for nobody yet, and with what the last run knew of the same database', async () => {
    const first = await start('300');
    let countries: readonly Country[] = [];
    // Their list was needed to know which are the largest.
    expect(await first.queriesDuring(async () => (countries = (await first.get<Country[]>('/countries')).body))).toBe(
      0,
    );
    const bySize = [...countries].sort((a, b) => b.cities - a.cities);
    expect(await first.queriesOf(`/countries/${bySize[0]?.code}/stats`)).toBe(0);
    expect(await first.queriesOf(`/countries/${bySize.at(-1)?.code}/stats`)).toBe(1);
    expect(await first.queriesOf(CITY)).toBe(3);
    const { body: before } = await first.get(PLACE);
    expect(await first.stop()).toBe(0);

    const again = await start('300');
    expect(again.output.split('\n')[0]).toMatch(/^http:/);
    expect(again.output).toContain('neighbours: 1 entries of the last run are back');
    expect(again.output).toContain('nearest: 1 entries of the last run are back');
    // The city, and the eight around it, which are looked up together.
    expect(await again.queriesOf(CITY)).toBe(2);
    expect(await again.queriesOf(PLACE)).toBe(0);
    expect((await again.get(PLACE)).body).toEqual(before);
    await again.stop('SIGKILL');

    // The snapshot is there, and is of a database that is made anew.
    const anew = await start('200');
    expect(await anew.queriesOf(CITY)).toBe(3);
    expect(await anew.stop()).toBe(0);
  });
});

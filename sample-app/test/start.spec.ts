import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { PATIENCE_MS, RunningApp } from './support/running-app.js';

jest.setTimeout(PATIENCE_MS);

// A fill that is long enough to be met in the middle.
const EVERYTHING = { STRATA_CITIES: '' };
const ALL = 135_233;

interface Progress {
  readonly state: string;
  readonly done: number;
  readonly total: number;
  readonly percent: number;
}

describe('a start of the city guide', () => {
  const apps: RunningApp[] = [];
  const folders: string[] = [];
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.stop('SIGKILL')));
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  it('prints the address to open before anything else', async () => {
    const app = spawn();
    await app.address();
    expect(app.output.split('\n')[0]).toMatch(/^http:\/\/localhost:[1-9]\d*$/);
  });

  it('answers while the database is filled: the progress, and 503 with the time to ask again', async () => {
    const app = spawn(EVERYTHING);
    const refused = await app.get<{ progress: Progress }>('/cities/2950159');
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('2');
    expect(refused.body.progress.state).toBe('starting');
    expect((await app.get('/')).status).toBe(200);

    await app.line('filling: 0%');
    const { body: filling } = await app.get<Progress>('/progress');
    expect(filling).toMatchObject({ state: 'filling', total: ALL });
    expect(filling.percent).toBe(Math.floor((100 * filling.done) / ALL));

    await app.ready();
    const { body: ready } = await app.get<Progress>('/progress');
    expect(ready).toMatchObject({ state: 'ready', done: ALL, total: ALL, percent: 100 });
    expect((await app.get('/cities/2950159')).status).toBe(200);
  });

  it('makes a half-finished database anew, and uses a finished one as it is', async () => {
    const environment = { ...EVERYTHING, STRATA_DATA: folder() };
    const killed = spawn(environment);
    await killed.line('filling: ');
    await killed.stop('SIGKILL');

    const second = spawn(environment);
    await second.ready();
    expect(second.output).toContain('filling: 100% (135233 of 135233 cities)');
    await second.request('PUT', '/cities/2950159', { name: 'Spree-Athen' });
    expect(await second.stop()).toBe(0);

    const third = spawn(environment);
    await third.ready();
    expect(third.output).not.toContain('filling');
    const { body } = await third.get<{ name: string }>('/cities/2950159');
    expect(body.name).toBe('Spree-Athen');
    expect((await third.get<Progress>('/progress')).body.total).toBe(ALL);
  });

  it('makes a damaged database anew, and says so', async () => {
    const environment = { STRATA_CITIES: '10', STRATA_DATA: folder() };
    const first = spawn(environment);
    await first.ready();
    await first.stop();
    rmSync(join(environment.STRATA_DATA, 'city-guide-database', 'global', 'pg_control'));

    const second = spawn(environment);
    await second.ready();
    expect(second.output).toContain('does not open, and is made anew');
    expect((await second.get<Progress>('/progress')).body.done).toBe(10);
  });

  it('refuses a data folder that a running app uses, naming the process and the way out', async () => {
    const environment = { STRATA_CITIES: '10', STRATA_DATA: folder() };
    const first = spawn(environment);
    await first.ready();
    const second = spawn(environment);
    expect(await second.exit()).toBe(1);
    expect(second.output).toMatch(/process \d+ keeps its database in .*set STRATA_DATA/);
    expect((await first.get('/countries')).status).toBe(200);
  });

  it('ends with 1 and names the port when it is in use', async () => {
    const first = spawn();
    const port = new URL(await first.address()).port;
    const second = spawn({ PORT: port });
    expect(await second.exit()).toBe(1);
    expect(second.output).toContain(`port ${port} is in use`);
    expect(second.output).not.toContain('http://localhost');
  });

  it('ends with 1 and names the port of the weather service when that one is in use', async () => {
    const first = spawn();
    const port = new URL(await first.weatherService()).port;
    const second = spawn({ WEATHER_PORT: port });
    expect(await second.exit()).toBe(1);
    expect(second.output).toContain(`port ${port} is in use`);
    expect(second.output).toContain('WEATHER_PORT=0 npm start');
    expect(second.output).not.toContain('http://localhost');
  });

  it.each([
    [{ PORT: '70000' }, 'PORT must be a whole number from 0 to 65535, not "70000"'],
    [{ WEATHER_PORT: 'no' }, 'WEATHER_PORT must be a whole number from 0 to 65535, not "no"'],
    [{ STRATA_CITIES: 'all' }, 'STRATA_CITIES must be a whole number from 1'],
    [{ STRATA_CACHE: 'no' }, 'STRATA_CACHE must be "on" or "off", not "no"'],
    [{ STRATA_WARM: 'yes' }, 'STRATA_WARM must be "on" or "off", not "yes"'],
  ])('ends with 1 when the environment says %j, and says what is wrong', async (environment, message) => {
    const app = spawn(environment);
    expect(await app.exit()).toBe(1);
    expect(app.output).toContain(message);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'is ended by %s, with 0, also while it is filling and a warming waits for it',
    async (signal) => {
      const app = spawn({ ...EVERYTHING, STRATA_WARM: 'on' });
      await app.line('filling: 0%');
      expect(await app.stop(signal)).toBe(0);
      expect(app.output).not.toContain('are ready');
    },
  );

  function spawn(environment?: NodeJS.ProcessEnv): RunningApp {
    const app = RunningApp.spawn(environment);
    apps.push(app);
    return app;
  }

  function folder(): string {
    const created = mkdtempSync(join(tmpdir(), 'city-guide-'));
    folders.push(created);
    return created;
  }
});

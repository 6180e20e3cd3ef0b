import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { type RedisServer, startRedis } from '../../test/servers/index.js';
import type { City } from '../src/cities/city.js';
import { PATIENCE_MS, RunningApp } from './support/running-app.js';

jest.setTimeout(PATIENCE_MS);

const BERLIN = 2_950_159;
const CITY = `/cities/${BERLIN}`;
/** A city and its eight neighbours, and which these are. */
const ENTRIES = 10;

const apps: RunningApp[] = [];
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.stop('SIGKILL')));
});

async function start(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<RunningApp> {
  const app = RunningApp.spawn({ STRATA_CITIES: '300', ...environment }, args);
  apps.push(app);
  await app.ready();
  return app;
}

describe('the city guide with a tier on disk', () => {
  let folder: string;
  const restart = async (cities = '300'): Promise<RunningApp> =>
    start(['--tiers', 'memory,lmdb'], { STRATA_DATA: folder, STRATA_CITIES: cities });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('starts warm: what was read before a restart is answered from the disk', async () => {
    folder = mkdtempSync(join(tmpdir(), 'city-guide-'));
    const first = await restart();
    expect(await first.line('caches: ')).toBe(`caches: memory, lmdb (${join(folder, 'cache')})`);
    expect(await first.queriesOf(CITY)).toBe(3);
    await first.request('PUT', CITY, { population: 3_500_000 });
    await first.get('/cities/search?name=berlin');
    expect(await first.stop()).toBe(0);

    const second = await restart();
    const { headers, body } = await second.get<City>(CITY);
    expect(body.population).toBe(3_500_000);
    expect(headers.get('x-database-queries')).toBe('0');
    expect(headers.get('x-cache-hits')).toBe(`lmdb=${ENTRIES}`);
    expect((await second.get(CITY)).headers.get('x-cache-hits')).toBe(`memory=${ENTRIES}`);
    expect(await second.stop()).toBe(0);
  });

  it('forgets what it kept when the database is made anew', async () => {
    folder = mkdtempSync(join(tmpdir(), 'city-guide-'));
    const first = await restart();
    await first.get(CITY);
    expect(await first.stop()).toBe(0);
    const second = await restart('200');
    expect((await second.get(CITY)).headers.get('x-cache-hits')).toBe('none');
  });
});

describe('two city guides with one Redis', () => {
  let redis: RedisServer;
  afterEach(() => redis.stop());

  it('share what either has read, and see what the other edits', async () => {
    redis = await startRedis();
    const [first, second] = await Promise.all([start(['--redis', redis.url]), start(['--redis', redis.url])]);
    await first.get(CITY);
    const shared = await second.get<City>(CITY);
    expect(shared.headers.get('x-database-queries')).toBe('0');
    expect(shared.headers.get('x-cache-hits')).toBe(`redis=${ENTRIES}`);

    await first.request('PUT', CITY, { population: 1 });
    // What was announced is on its way: the second guide has it in memory until it arrives.
    await until(async () => (await second.get<City>(CITY)).body.population === 1);
    await second.request('PUT', CITY, { population: 2 });
    await until(async () => (await first.get<City>(CITY)).body.population === 2);
    expect(await first.stop()).toBe(0);
    expect(await second.stop()).toBe(0);
  });

  it('answer while Redis is down', async () => {
    redis = await startRedis();
    const app = await start(['--redis', redis.url]);
    await redis.kill();
    expect((await app.get(CITY)).status).toBe(200);
    expect((await app.request('PUT', CITY, { population: 3 })).status).toBe(200);
    expect((await app.get<City>(CITY)).body.population).toBe(3);
    expect(await app.stop()).toBe(0);
  });
});

describe('the city guide without tiers', () => {
  it('says nothing of them', async () => {
    const app = await start([]);
    expect((await app.get(CITY)).headers.has('x-cache-hits')).toBe(false);
    expect(app.output).not.toContain('caches: ');
  });

  it.each([
    [['--tiers', 'memory,disk'], 'there is no tier "disk"; there are memory, lmdb and redis'],
    [['--tiers', 'lmdb'], '--tiers begins with memory, not "lmdb"'],
    [['--tiers', 'memory,lmdb,lmdb'], '--tiers names a tier twice'],
    [['--tiers', 'memory,redis'], 'add --redis redis://localhost:6379'],
    [['--tiers', 'memory,redis,lmdb', '--redis', 'redis://h'], 'write --tiers memory,lmdb,redis'],
    [['--tiers', 'memory,lmdb', '--redis', 'redis://h'], 'write --tiers memory,lmdb,redis'],
    [['--redis', 'localhost:6379'], '--redis takes an address such as redis://'],
    [['--tier', 'memory'], "Unknown option '--tier'"],
    [['--tiers', 'memory,lmdb'], 'set STRATA_DATA to a folder, or leave lmdb out'],
  ])('ends with 1 when it is started with %j, and says what is wrong', async (args, message) => {
    const app = RunningApp.spawn({}, args);
    expect(await app.exit()).toBe(1);
    expect(app.output).toContain(message);
    expect(app.output).not.toContain('    at ');
  });
});

/** Asks again until it is so, in turns of the network; a test that waits in vain fails by its time. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo()));
}

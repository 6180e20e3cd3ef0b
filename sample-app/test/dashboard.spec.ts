import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { launchBrowser, watchedPage } from '../../test/browser/browser.js';
import { PATIENCE_MS, RunningApp } from './support/running-app.js';

jest.setTimeout(PATIENCE_MS);

interface KeyPage {
  readonly keys: readonly { readonly id: string; readonly text: string }[];
  readonly matches: number;
}

describe('the dashboard of a running city guide', () => {
  const berlin = 2_950_159;
  let app: RunningApp;
  let browser: Browser | undefined;
  beforeAll(async () => {
    app = await RunningApp.start();
    await app.get(`/cities/${berlin}`);
  });
  afterAll(async () => {
    await browser?.close();
    await app.stop();
  });

  it('lists the keys of a cache, and shows an entry', async () => {
    const { body } = await app.get<KeyPage>(`/strata/api/keys?cache=cities&search=${berlin}`);
    expect(body).toMatchObject({ matches: 1, keys: [{ id: `=${berlin}`, text: String(berlin) }] });
    const entry = await app.get(`/strata/api/entry?cache=cities&key=%3D${berlin}`);
    expect(entry.body).toMatchObject({
      entry: { groups: ['country:DE'], tier: 'memory', value: { text: expect.stringContaining('name: "Berlin"') } },
    });
  });

  it('invalidates a city, which then is asked of the database again', async () => {
    expect(await app.queriesOf(`/cities/${berlin}`)).toBe(0);
    const action = { action: 'invalidateKey', cache: 'cities', key: `=${berlin}` };
    const response = await fetch(`${await app.address()}/strata/api/actions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-strata-action': '1' },
      body: JSON.stringify(action),
    });
    expect(await response.json()).toMatchObject({ removed: 1 });
    expect(await app.queriesOf(`/cities/${berlin}`)).toBeGreaterThan(0);
  });

  it('is for visitors at this machine, and lets no other name lead to it', async () => {
    const { port } = new URL(await app.address());
    const answered = await fetch(`http://127.0.0.1:${port}/strata`);
    expect(answered.status).toBe(200);
    const { request } = await import('node:http');
    const status = await new Promise((resolve, reject) => {
      const asked = request(
        { port, host: '127.0.0.1', path: '/strata', headers: { host: 'rebound.example' } },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        },
      );
      asked.on('error', reject).end();
    });
    expect(status).toBe(403);
  });

  it('shows in a browser what readers of the guide cause', async () => {
    browser = await launchBrowser();
    const { page, complaints } = await watchedPage(browser);
    await page.goto(`${await app.address()}/strata#/overview?cache=cities`);
    await page.locator('#status[data-state=live]').waitFor();
    for (let at = 0; at < 50; at++) await app.get(`/cities/${berlin}`);
    await page
      .getByRole('region', { name: 'Hot keys' })
      .getByRole('link', { name: String(berlin) })
      .waitFor();
    expect(complaints).toEqual([]);
  });
});

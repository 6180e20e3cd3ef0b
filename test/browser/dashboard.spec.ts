import { createServer, request as ask, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { buildDashboardPage } from '../servers/dashboard-page.js';
import { launchBrowser, watchedPage, type WatchedPage } from './browser.js';
import { deferred } from '../unit/cache/deferred.js';
import { DashboardApp, HOSTILE } from './dashboard-app.js';

jest.setTimeout(60_000);

let browser: Browser;
const apps: DashboardApp[] = [];
const watched: WatchedPage[] = [];

beforeAll(async () => {
  await buildDashboardPage();
  browser = await launchBrowser();
});
afterEach(async () => {
  await Promise.all(watched.splice(0).map(({ page }) => page.context().close()));
  await Promise.all(apps.splice(0).map((app) => app.stop()));
});
afterAll(() => browser?.close());

async function start(...given: Parameters<typeof DashboardApp.start>): Promise<DashboardApp> {
  const app = await DashboardApp.start(...given);
  apps.push(app);
  return app;
}

async function open(address: string, options?: BrowserContextOptions): Promise<WatchedPage> {
  const seen = await watchedPage(browser, options);
  watched.push(seen);
  await seen.page.goto(address);
  await seen.page.locator('#status[data-state=live]').waitFor();
  return seen;
}

/** That nothing of the page went wrong, and that it spoke to its own server alone. */
function expectPeace({ complaints, origins, dialogs, page }: WatchedPage): void {
  expect(complaints).toEqual([]);
  expect(dialogs).toEqual([]);
  expect([...origins]).toEqual([new URL(page.url()).origin]);
}

/** What a plot shows, as its pixels. */
function pixels(page: Page, title: string): Promise<string> {
  const canvas = page.getByRole('group', { name: title, exact: true }).locator('canvas');
  return canvas.evaluate((element) => (element as unknown as { toDataURL(): string }).toDataURL());
}

function tile(page: Page, title: string) {
  return page
    .locator('.tile', { has: page.locator('dt', { hasText: new RegExp(`^${title}$`) }) })
    .locator('dd')
    .first();
}

describe.each(['express', 'fastify'] as const)('the dashboard in a browser, served by %s', (platform) => {
  it('says which node it shows, and moves its plots while the caches work', async () => {
    const app = await start({ node: 'web-1' }, platform);
    const seen = await open(app.address);
    const { page } = seen;
    await page.getByText(`web-1 (${process.pid})`, { exact: true }).waitFor();
    await page.getByText('3 caches on this node').waitFor();
    const [ratio, throughput, latency] = await Promise.all(
      ['Hit ratio', 'Throughput', 'Latency'].map((title) => pixels(page, title)),
    );
    for (let round = 0; round < 4; round++) {
      for (let at = 0; at < 50; at++) await app.users.getOrLoad(at % 5);
      await page.waitForTimeout(260);
    }
    await expectEventually(
      () => tile(page, 'Hit ratio').textContent(),
      (text) => Number.parseFloat(text ?? '') > 90,
    );
    expect(await pixels(page, 'Hit ratio')).not.toBe(ratio);
    expect(await pixels(page, 'Throughput')).not.toBe(throughput);
    expect(await pixels(page, 'Latency')).not.toBe(latency);
    expect(await page.title()).toMatch(/^9\d\.\d% · All caches · Strata$/);
    expectPeace(seen);
  });

  it('comes back by itself when the server restarts, and says so', async () => {
    const before = await start({}, platform);
    await before.users.put('old', 1);
    const { page, complaints } = await open(before.address);
    await before.stop();
    apps.splice(0);
    await page.locator('#status[data-state=waiting]').waitFor();
    complaints.length = 0;
    const after = await start({}, platform, before.port);
    await after.users.put('new', 1);
    await page.locator('#status[data-state=live]').waitFor();
    await page.getByText(/has ended\. This page shows .* now/).waitFor();
    await page.goto(`${after.address}#/keys?cache=users`);
    await page.getByRole('button', { name: 'new' }).waitFor();
    // Chromium itself tells the console of each connection that it could not make; nothing else may be there.
    expect(complaints.filter((text) => !/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED/.test(text))).toEqual([]);
  });
});

describe('the overview', () => {
  it('shows tiers with their breakers, the bus and hot keys of a cache', async () => {
    const app = await start();
    for (let at = 0; at < 300; at++) await app.users.getOrLoad('hot');
    const seen = await open(`${app.address}#/overview?cache=users`);
    const { page } = seen;
    const tiers = page.getByRole('region', { name: 'Tiers of this cache since its start' });
    await tiers.getByRole('cell', { name: 'closed, ok' }).waitFor();
    await page
      .getByRole('region', { name: 'Shared tiers and buses' })
      .getByRole('cell', { name: 'trusted', exact: true })
      .waitFor();
    await page.getByRole('region', { name: 'Hot keys' }).getByRole('link', { name: 'hot' }).waitFor();
    app.tier.inject({ kind: 'fail' });
    for (let at = 0; at < 60; at++) await app.users.put(at, 1);
    await tiers.getByRole('cell', { name: 'open', exact: true }).waitFor();
    await expectEventually(
      () => page.locator('.cache-link[aria-current] .ratio').textContent(),
      (text) => text?.includes('⚠') === true,
    );
    const troubles = page.getByRole('list', { name: 'What needs attention' });
    expect(await troubles.getByRole('listitem').first().textContent()).toBe('the breaker of in-process is open');
    expect(await page.title()).toMatch(/^⚠ .*users · Strata$/);
    await page.goto(`${app.address}#/overview`);
    await troubles.getByText('the breaker of in-process is open for 2 of 3 caches').waitFor();
    expectPeace(seen);
  });

  it('shows what a cache does by itself, for as long as it does', async () => {
    const app = await start();
    const reader = deferred<void>();
    const written = app.users.snapshot({
      write: (_, done) => void reader.promise.then(() => done()),
      end: (done) => done(),
      destroy: () => {},
    });
    const seen = await open(`${app.address}#/overview`);
    const badge = seen.page.getByRole('region', { name: 'Caches in the time shown' }).getByText('writing a snapshot');
    await badge.waitFor();
    reader.resolve();
    await written;
    await badge.waitFor({ state: 'detached' });
    expectPeace(seen);
  });

  it('shows what has been before it was opened', async () => {
    const app = await start();
    for (let round = 0; round < 3; round++) {
      for (let at = 0; at < 20; at++) await app.users.getOrLoad(at);
      await new Promise((resolve) => setTimeout(resolve, 260));
    }
    const { page } = await open(app.address);
    expect(await tile(page, 'Hit ratio').textContent()).toMatch(/^\d+(\.\d)?%$/);
  });

  it('says what is missing where there is nothing to show', async () => {
    const app = await start({ history: 0 });
    const seen = await open(`${app.address}#/overview?cache=users`);
    await seen.page.getByText('No lookups in this time.').waitFor();
    await seen.page.getByText('maxMemory makes a cache weigh what it holds.').waitFor();
    expectPeace(seen);
  });

  it('says what a MemoryCache does not measure, and shows no tiers of it', async () => {
    const app = await start();
    app.many.put('a', 1);
    const { page } = await open(`${app.address}#/overview?cache=many`);
    await page.getByText('A MemoryCache answers at once.').waitFor();
    for (const title of ['Tiers, since the start', 'Hot keys']) {
      expect(await page.getByRole('heading', { name: title }).isVisible()).toBe(false);
    }
  });

  it('sorts numbers in names by what they are worth, and tells of failures once there are any', async () => {
    const app = await start();
    for (const at of [10, 9, 100]) app.define(`cache-${at}`);
    const { page } = await open(app.address);
    const names = await page.locator('.cache-link .name').allTextContents();
    expect(names.filter((name) => name.startsWith('cache'))).toEqual(['cache-9', 'cache-10', 'cache-100']);
    const legend = page.getByRole('group', { name: 'Throughput', exact: true }).locator('.u-legend');
    await legend.getByText('Loads').waitFor();
    expect(await legend.getByText('Failed').count()).toBe(0);
    const fail = (): never => {
      throw new Error('it failed');
    };
    await expect(app.users.getOrLoad('a', fail)).rejects.toThrow('it failed');
    await legend.getByText('Failed').waitFor();
  });

  it('sorts the caches by each column', async () => {
    const app = await start();
    app.many.put('a', 1);
    const { page } = await open(app.address);
    const names = page.getByRole('region', { name: 'Caches in the time shown' }).locator('tbody td:first-child');
    await page.getByRole('button', { name: 'Cache', exact: true }).click();
    expect(await names.allTextContents()).toEqual([HOSTILE, 'many', 'users']);
    await page.getByRole('button', { name: 'Cache', exact: true }).click();
    expect(await names.allTextContents()).toEqual(['users', 'many', HOSTILE]);
  });
});

describe('the list of caches, when their numbers change', () => {
  it('leaves a row where it is until it is clearly ahead of the one above', async () => {
    const app = await start();
    const [one, other] = [app.define('one'), app.define('other')];
    const { page } = await open(app.address);
    const names = page.getByRole('region', { name: 'Caches in the time shown' }).locator('tbody td:first-child');
    const shownAfter = async (lookups: number): Promise<string[]> => {
      await page.locator('.tile .note', { hasText: `${lookups} in 5 min` }).waitFor();
      return (await names.allTextContents()).slice(0, 2);
    };
    for (let at = 0; at < 100; at++) await one.getOrLoad(at);
    for (let at = 0; at < 96; at++) await other.getOrLoad(at);
    expect(await shownAfter(196)).toEqual(['one', 'other']);
    for (let at = 0; at < 10; at++) await other.getOrLoad(at);
    expect(await shownAfter(206)).toEqual(['one', 'other']);
    for (let at = 0; at < 10; at++) await other.getOrLoad(at);
    expect(await shownAfter(216)).toEqual(['other', 'one']);
  });
});

describe('the key browser', () => {
  it('searches, pages and filters 100,000 keys', async () => {
    const app = await start();
    for (let at = 0; at < 100_000; at++) app.many.put(`item:${at}`, at, at % 1_000 === 0 ? { groups: ['round'] } : {});
    const seen = await open(`${app.address}#/keys?cache=many`);
    const { page } = seen;
    await page.getByText('100,000 keys in the memory of this node').waitFor();
    expect(await page.locator('.key-row').count()).toBe(50);
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText('51–100 of 100,000').waitFor();
    await page.getByLabel('Search').fill('item:4242*');
    await page.getByText('11 of 100,000 keys match').waitFor();
    await page.getByLabel('Search').fill('');
    await page.getByLabel('Group', { exact: true }).fill('round');
    await page.getByText('100 of 100,000 keys match').waitFor();
    await page.getByLabel('Search').fill('[');
    await page.getByText('No key matches').waitFor();
    expectPeace(seen);
  });

  it('shows an entry, and invalidates it after a question', async () => {
    const app = await start();
    await app.users.put('user:1', { name: 'Ada', born: new Date(0) }, { ttl: '1h', groups: ['admins'] });
    const seen = await open(`${app.address}#/keys?cache=users`);
    const { page } = seen;
    await page.getByRole('button', { name: 'user:1' }).click();
    const entry = page.getByRole('region', { name: 'Entry' });
    await entry.getByText('name: "Ada"').waitFor();
    for (const text of ['59 min', 'memory', 'people', 'admins', '1970-01-01'])
      await entry.getByText(text).first().waitFor();
    await entry.getByRole('button', { name: 'Invalidate…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    expect(await app.users.has('user:1')).toBe(true);
    await entry.getByRole('button', { name: 'Invalidate…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Invalidate' }).click();
    await page.getByText('The entry is invalidated.').waitFor();
    await page.getByText('This cache is empty on this node.').waitFor();
    expect(await app.users.has('user:1')).toBe(false);
    expectPeace(seen);
  });

  it('clears a cache, and invalidates groups and patterns', async () => {
    const app = await start();
    const fill = async (): Promise<void> => {
      for (const key of ['user:1', 'user:2', 'team:1']) await app.users.put(key, 1);
    };
    await fill();
    const seen = await open(`${app.address}#/overview?cache=users`);
    const { page } = seen;
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: 'Invalidate keys…' }).click();
    await dialog.getByLabel('Pattern').fill('user:*');
    await page.keyboard.press('Enter');
    await page.getByText(/Done\. 2 entries left/).waitFor();
    await fill();
    await page.getByRole('button', { name: 'Clear…' }).click();
    await dialog.getByRole('button', { name: 'Clear' }).click();
    await page.getByText(/Done\. 3 entries left/).waitFor();
    await fill();
    // Another number than before: what was said then may still stand there.
    await app.users.invalidate('team:1');
    await page.goto(`${app.address}#/overview`);
    await page.getByRole('button', { name: 'Invalidate a group…' }).click();
    await dialog.getByLabel('Group').fill('people');
    await dialog.getByRole('button', { name: 'Invalidate' }).click();
    await page.getByText(/Done\. 2 entries left/).waitFor();
    expect(app.users.stats().size).toBe(0);
    expectPeace(seen);
  });

  it('has no buttons that change anything where actions are off', async () => {
    const app = await start({ actions: false });
    await app.users.put('user:1', 1);
    const { page } = await open(`${app.address}#/keys?cache=users`);
    await page.getByRole('button', { name: 'user:1' }).click();
    await page.getByRole('region', { name: 'Entry' }).getByRole('button', { name: 'Refresh' }).waitFor();
    expect(await page.getByRole('button', { name: /Invalidate|Clear/ }).count()).toBe(0);
  });

  it('shows hostile names, keys, groups and values as the texts that they are', async () => {
    const app = await start();
    const image = '<img src=x onerror=alert(1)>';
    await app.hostile.put(image, `<script>alert('value')</script>`, { groups: ['<b onclick=alert(1)>g</b>'] });
    await app.hostile.put('k'.repeat(2 ** 20), 'v'.repeat(2 ** 20));
    await app.hostile.put('\u202Egnp.exe\u0000', { '</pre><script>alert(2)</script>': 1 });
    await app.hostile.put({ html: image }, image);
    await app.hostile.put('__proto__', JSON.parse('{"__proto__":{"polluted":true}}'));
    const seen = await open(`${app.address}#/keys?${new URLSearchParams({ cache: HOSTILE })}`);
    const { page } = seen;
    const entry = page.getByRole('region', { name: 'Entry' });
    expect(await page.locator('h1').textContent()).toBe(HOSTILE);
    await page.getByRole('button', { name: image, exact: true }).click();
    await entry.getByText(`"<script>alert('value')</script>"`).waitFor();
    await entry.getByRole('button', { name: '<b onclick=alert(1)>g</b>' }).waitFor();
    await page.getByRole('button', { name: 'kkkk' }).click();
    await entry.getByText('1,048,576 characters in all').waitFor();
    await entry.getByText('(1048576 characters)').waitFor();
    await page.getByRole('button', { name: '\\u202egnp.exe\\u0000' }).click();
    await entry.getByText('"</pre><script>alert(2)</script>": 1').waitFor();
    await page.getByRole('button', { name: '{"html":' }).click();
    await entry.getByText('object key').waitFor();
    await page.getByRole('button', { name: '__proto__' }).click();
    await entry.getByText('polluted: true').waitFor();
    expect(await page.locator('script').count()).toBe(1);
    expect(await page.locator('main img').count()).toBe(0);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    expectPeace(seen);
  });
});

describe('the event stream', () => {
  it('shows what happens, by type and text, and leads to entries', async () => {
    const app = await start();
    const seen = await open(`${app.address}#/events?cache=users`);
    const { page } = seen;
    const rows = page.getByRole('region', { name: 'Events, the last first' }).locator('tbody tr');
    // The first event shows that the server listens.
    await expectEventually(
      async () => {
        await app.users.put('first', 1);
        return rows.count();
      },
      (count) => count > 0,
    );
    await app.users.put(HOSTILE, 1);
    await rows.filter({ hasText: HOSTILE }).first().waitFor();
    await page.getByRole('button', { name: 'Empty the list' }).click();
    await page.getByLabel('Search').fill('second');
    await expectEventually(
      async () => {
        await app.users.put('first', 1);
        await app.users.put('second', 1);
        return rows.filter({ hasText: 'second' }).count();
      },
      (count) => count > 0,
    );
    await page.getByRole('button', { name: 'Empty the list' }).click();
    await app.users.put('first', 1);
    await app.users.put('second', 1);
    await rows.filter({ hasText: 'second' }).first().waitFor();
    expect(await rows.filter({ hasText: 'first' }).count()).toBe(0);
    await rows.getByRole('link', { name: 'second' }).first().click();
    await page
      .getByRole('region', { name: 'Entry' })
      .getByText('"second"')
      .or(page.locator('.entry-key', { hasText: 'second' }))
      .first()
      .waitFor();
    expectPeace(seen);
  });

  it('counts what came faster than it takes it, and stays as long as it was', async () => {
    const app = await start();
    const seen = await open(`${app.address}#/events`);
    const { page } = seen;
    const rows = page.getByRole('region', { name: 'Events, the last first' }).locator('tbody tr');
    await expectEventually(
      async () => {
        for (let at = 0; at < 5_000; at++) app.many.put(`key ${at}`, at);
        return page.getByText(/more came faster than this page takes them/).count();
      },
      (count) => count > 0,
    );
    expect(await rows.count()).toBeLessThanOrEqual(400);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    expectPeace(seen);
  });
});

describe('behind a load balancer', () => {
  let balancer: Server | undefined;
  afterEach(() => {
    balancer?.closeAllConnections();
    balancer?.close();
  });

  it('says when an answer is of another node than the numbers', async () => {
    const nodes = [await start({ node: 'web-1' }), await start({ node: 'web-2' })];
    balancer = createServer((request, response) => {
      const { port } = nodes[request.url?.includes('/api/live') ? 0 : 1]!;
      const passed = ask({ port, host: '127.0.0.1', path: request.url, headers: request.headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      response.once('close', () => passed.destroy());
      passed.on('error', () => response.destroy()).end();
    });
    await new Promise<void>((resolve) => balancer?.listen(0, '127.0.0.1', resolve));
    const { port } = balancer.address() as AddressInfo;
    const { page } = await open(`http://127.0.0.1:${port}/strata#/keys?cache=users`);
    await page.getByText(/This answer is of web-2 \(\d+\), and the numbers are of web-1 \(\d+\)/).waitFor();
  });
});

describe('its looks', () => {
  it('fit a narrow screen, with every cache and view within reach, however long their names', async () => {
    const app = await start();
    await app.define('name.'.repeat(60)).getOrLoad('a');
    await app.users.put('user:1', 1);
    const seen = await open(app.address, { viewport: { width: 360, height: 740 } });
    const { page } = seen;
    for (const view of ['overview', 'keys', 'events']) {
      await page.goto(`${app.address}#/${view}?cache=users`);
      await page.locator('h1', { hasText: 'users' }).waitFor();
      expect([view, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([view, 360]);
    }
    await page.goto(`${app.address}#/overview`);
    await page.getByRole('group', { name: 'Latency' }).locator('.u-legend').getByText('name.name').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    await page.getByLabel('Cache shown').selectOption('many');
    await page.locator('h1', { hasText: 'many' }).waitFor();
    expectPeace(seen);
  });

  it('leave no hole beside the large numbers, however wide the screen is', async () => {
    const app = await start();
    const { page } = await open(app.address);
    await page.locator('.tile').last().waitFor();
    for (const width of [1680, 1280, 1000, 760, 390]) {
      await page.setViewportSize({ width, height: 700 });
      const rows = (await page.evaluate(TILE_ROWS)) as [right: number, within: number][];
      expect(rows.length).toBeGreaterThan(0);
      expect([width, rows.filter(([right, within]) => Math.abs(right - within) > 1.5)]).toEqual([width, []]);
    }
  });

  it.each(['light', 'dark'] as const)(
    'are readable in %s: every text has a contrast of 4.5 or more',
    async (colorScheme) => {
      const app = await start();
      await app.users.put('user:1', 1);
      const { page } = await open(`${app.address}#/overview`, { colorScheme });
      const pairs = await page.evaluate(CONTRASTS);
      expect(pairs).toHaveLength(20);
      expect((pairs as [string, number][]).filter(([, contrast]) => contrast < 4.5)).toEqual([]);
    },
  );

  it('follow the button rather than the system, and remember it', async () => {
    const app = await start();
    const { page } = await open(app.address, { colorScheme: 'dark' });
    const background = (): Promise<unknown> => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const dark = await background();
    await page.getByRole('button', { name: 'Theme: system' }).click();
    const light = await background();
    expect(light).not.toBe(dark);
    await page.reload();
    expect(await background()).toBe(light);
    await page.getByRole('button', { name: 'Theme: light' }).waitFor();
  });

  it('are all within reach of the keyboard', async () => {
    const app = await start();
    for (const key of ['a', 'b', 'c']) await app.users.put(key, `value of ${key}`);
    const seen = await open(`${app.address}#/keys?cache=users`);
    const { page } = seen;
    await page.getByRole('button', { name: 'a', exact: true }).waitFor();
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    await page.keyboard.press('/');
    await page.keyboard.type('b');
    await page.getByText('1 of 3 keys match').waitFor();
    await page.getByLabel('Search').fill('');
    await page.getByText('3 keys in the memory').waitFor();
    await page.getByRole('button', { name: 'a', exact: true }).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'Entry' }).getByText('"value of b"').waitFor();
    await page.getByRole('button', { name: 'Clear…' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Clear users?' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    expect(await focused(page)).toBe('Clear…');
    expectPeace(seen);
  });
});

function focused(page: Page): Promise<unknown> {
  return page.evaluate('document.activeElement.textContent');
}

/** Asks again until the answer is as it should be. */
async function expectEventually<Answer>(
  look: () => Promise<Answer>,
  holds: (answer: Answer) => boolean,
): Promise<void> {
  const until = Date.now() + 15_000;
  for (;;) {
    const answer = await look();
    if (holds(answer)) return;
    if (Date.now() > until) throw new Error(`it stayed ${String(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Where each row of tiles ends, and where it should. */
const TILE_ROWS = `(() => {
  const within = document.querySelector('.tiles').getBoundingClientRect().right;
  const ends = new Map();
  for (const tile of document.querySelectorAll('.tile')) {
    const { top, right } = tile.getBoundingClientRect();
    ends.set(top, Math.max(right, ends.get(top) ?? 0));
  }
  return [...ends.values()].map((right) => [right, within]);
})()`;

/** Runs in the page: the contrast of each colour of text with what it stands on. */
const CONTRASTS = `(() => {
  const context = document.createElement('canvas').getContext('2d');
  const probe = document.body.appendChild(document.createElement('span'));
  const luminance = (token) => {
    probe.style.color = 'var(--' + token + ')';
    context.fillStyle = getComputedStyle(probe).color;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const grounds = ['background', 'surface', 'surface-sunken'];
  const pairs = [
    ...['text', 'text-muted', 'accent', 'good', 'warn', 'bad'].flatMap((text) => grounds.slice(0, text.startsWith('text') ? 3 : 2).map((ground) => [text, ground])),
    ...['good', 'warn', 'bad', 'accent'].map((tone) => [tone, tone + '-soft']),
    ['on-accent', 'accent'],
    ['accent', 'surface-sunken'],
  ];
  return pairs.map(([text, ground]) => {
    const [a, b] = [luminance(text), luminance(ground)];
    return [text + ' on ' + ground, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
  });
})()`;

import { beforeEach, describe, expect, it } from '@jest/globals';
import { StoreLink } from '../../../lib/compat/cache-manager/store-link.js';
import { FakeClock } from '../../../lib/testing/index.js';

/** A store that does what it is told to do, to show how calls of it end. */
class Store {
  readonly opts = {};
  readonly entries = new Map<string, unknown>();
  readonly calls: string[] = [];
  mood: 'well' | 'throws' | 'hangs' | 'silent' = 'well';
  private listener: (error: unknown) => void = () => {};

  get = (key: string): Promise<unknown> => this.do(`get ${key}`, () => this.entries.get(key), undefined);
  set = (key: string, value: unknown): Promise<unknown> =>
    this.do(`set ${key}`, () => this.entries.set(key, value) && true, false);
  delete = (key: string): Promise<unknown> => this.do(`delete ${key}`, () => this.entries.delete(key), false);
  clear = (): Promise<unknown> => this.do('clear', () => this.entries.clear(), undefined);

  on(_event: string, listener: (error: unknown) => void): void {
    this.listener = listener;
  }

  private async do(call: string, act: () => unknown, failed: unknown): Promise<unknown> {
    this.calls.push(call);
    switch (this.mood) {
      case 'well':
        return act();
      case 'throws':
        throw new Error(`no ${call}`);
      case 'hangs':
        return new Promise(() => {});
      case 'silent':
        // As a Keyv does: an event, and false.
        this.listener(new Error(`no ${call}`));
        return failed;
    }
  }
}

let clock: FakeClock;
let store: Store;
let link: StoreLink;
let reported: string[];

beforeEach(() => {
  clock = new FakeClock();
  store = new Store();
  reported = [];
  link = new StoreLink(store, 'primary', 1_000, clock, (error) => reported.push((error as Error).message));
});

async function after(ms: number, call: Promise<unknown>): Promise<unknown> {
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(ms);
  return call;
}

describe('a call of a store', () => {
  it('ends at its deadline', async () => {
    store.mood = 'hangs';
    expect(await after(1_000, link.value('k'))).toMatchObject({ ok: false, error: { code: 'CACHE_TIER_TIMEOUT' } });
    expect(reported).toEqual([expect.stringContaining('did not answer "get" within 1000 ms')]);
  });

  it('is not made for a second when too many have failed, then once to see', async () => {
    store.mood = 'throws';
    for (let at = 0; at < 5; at++) await link.value('k');
    expect(await link.value('k')).toMatchObject({ ok: false, error: { code: 'CACHE_TIER_UNAVAILABLE' } });
    expect(store.calls).toHaveLength(5);
    store.mood = 'well';
    store.entries.set('k', 'v');
    clock.advance(1_000);
    expect(await link.value('k')).toEqual({ ok: true, value: 'v' });
  });
});

describe.each(['throws', 'hangs', 'silent'] as const)('of a store that %s', (mood) => {
  const during = async (call: () => Promise<unknown>): Promise<void> => {
    store.mood = mood;
    await after(1_000, call());
    store.mood = 'well';
    store.calls.length = 0;
  };

  it.each([
    ['deleted', () => link.delete('k')],
    ['written', () => link.set('k', 'new', undefined)],
    ['written among others', () => link.setAll([{ key: 'k', value: 'new' }])],
  ] as const)('nothing is read under a key that was %s before it has been deleted', async (_what, change) => {
    store.entries.set('k', 'old').set('other', 'kept');
    await during(change);
    expect(await link.value('other')).toEqual({ ok: true, value: 'kept' });
    expect(await link.value('k')).toEqual({ ok: true, value: undefined });
    expect(store.calls).toEqual(['get other', 'delete k', 'get k']);
    await link.value('k');
    expect(store.calls).toHaveLength(4);
  });

  it('a key that is written later is owed nothing', async () => {
    store.entries.set('k', 'old');
    await during(() => link.delete('k'));
    await link.set('k', 'newer', undefined);
    expect(await link.value('k')).toEqual({ ok: true, value: 'newer' });
    expect(store.calls).toEqual(['set k', 'get k']);
  });

  it('many keys that are read together are made up for first', async () => {
    store.entries.set('a', 1).set('b', 2);
    await during(() => link.delete('b'));
    expect(await link.allValues(['a', 'b'])).toEqual({ ok: true, value: [1, undefined] });
  });
});

describe.each(['throws', 'hangs'] as const)('a clear that a store that %s missed', (mood) => {
  it('is made up for before anything is read or written', async () => {
    store.entries.set('k', 'old');
    store.mood = mood;
    await after(1_000, link.clear());
    store.mood = 'well';
    store.calls.length = 0;
    await link.set('new', 1, undefined);
    expect([await link.value('k'), await link.value('new')]).toEqual([
      { ok: true, value: undefined },
      { ok: true, value: 1 },
    ]);
    expect(store.calls).toEqual(['clear', 'set new', 'get k', 'get new']);
  });

  it('keeps the store from being read while it still fails', async () => {
    store.entries.set('k', 'old');
    store.mood = mood;
    await after(1_000, link.clear());
    expect(await after(1_000, link.value('k'))).toMatchObject({ ok: false });
    expect(store.calls).toEqual(['clear', 'clear']);
  });
});

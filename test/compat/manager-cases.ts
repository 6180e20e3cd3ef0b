import { jest } from '@jest/globals';
import type { Keyv } from 'keyv';
import type { createCache as theirCreateCache } from 'cache-manager';

/** What a case has at hand: one of the two packages, and Keyv. */
export interface Kit {
  readonly createCache: typeof theirCreateCache;
  readonly Keyv: typeof Keyv;
  /** The Keyv of version 6, which is not typed as the other. */
  readonly Keyv6: typeof Keyv;
  /** Moves time on. */
  pass(ms: number): Promise<void>;
}

/** Something that both packages are asked to do; what they show is the same, or the difference is meant. */
export interface MatrixCase {
  readonly title: string;
  run(kit: Kit): Promise<unknown>;
  readonly same?: unknown;
  readonly theirs?: unknown;
  readonly ours?: unknown;
  /** Why ours differs: the words of the table in docs/migration.md. */
  readonly because?: string;
}

type Listener = (...values: unknown[]) => void;

const failing = (message: string) => () => {
  throw new Error(message);
};

/** A promise that others end. */
function gate<T = void>(): { readonly promise: Promise<T>; open(value: T): void } {
  let open!: (value: T) => void;
  const promise = new Promise<T>((resolve) => (open = resolve));
  return { promise, open };
}

const told = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export const MANAGER_CASES: readonly MatrixCase[] = [
  // ---- reading and writing
  {
    title: 'set resolves with the value, get gives it back, and a key that is not there is undefined',
    run: async ({ createCache }) => {
      const cache = createCache();
      return [await cache.set('k', 'v'), await cache.get('k'), await cache.get('other')];
    },
    same: ['v', 'v', undefined],
  },
  {
    title: 'null, false, 0 and the empty text are values',
    run: async ({ createCache }) => {
      const cache = createCache();
      for (const [at, value] of [null, false, 0, ''].entries()) await cache.set(`k${at}`, value);
      return cache.mget(['k0', 'k1', 'k2', 'k3']);
    },
    same: [null, false, 0, ''],
  },
  {
    title: 'undefined is no value',
    run: async ({ createCache }) => {
      const cache = createCache();
      await cache.set('k', 'v');
      return [await cache.set('k', undefined), await cache.get('k')];
    },
    same: [undefined, undefined],
  },
  {
    title: 'a ttl is in milliseconds, the call wins over the cache, and 0 is without end',
    run: async ({ createCache, pass }) => {
      const cache = createCache({ ttl: 1_000 });
      await cache.set('default', 1);
      await cache.set('short', 2, 100);
      await cache.set('endless', 3, 0);
      await pass(101);
      const after100 = await cache.mget(['default', 'short', 'endless']);
      await pass(1_000);
      return [after100, await cache.mget(['default', 'short', 'endless'])];
    },
    same: [
      [1, undefined, 3],
      [undefined, undefined, 3],
    ],
  },
  {
    title: 'a negative ttl has passed',
    run: async ({ createCache }) => {
      const cache = createCache();
      await cache.set('k', 'old');
      await cache.set('k', 'new', -1);
      return cache.get('k');
    },
    same: undefined,
  },
  {
    title: 'ttl() tells the instant when an entry ends, and nothing of one that does not',
    run: async ({ createCache, pass }) => {
      const cache = createCache();
      const now = Date.now();
      await cache.set('k', 'v', 500);
      await cache.set('endless', 'v');
      const seen = [await cache.ttl('k'), await cache.ttl('endless'), await cache.ttl('other')];
      await pass(501);
      return [...seen.map((each) => each && each - now), await cache.ttl('k')];
    },
    same: [500, undefined, undefined, undefined],
  },
  {
    title: 'mset stores a list with the ttl of each and resolves with it, ttls filled in',
    run: async ({ createCache, pass }) => {
      const cache = createCache({ ttl: 1_000 });
      const list = await cache.mset([
        { key: 'a', value: 1, ttl: 100 },
        { key: 'b', value: 2 },
      ]);
      await pass(101);
      return [list, await cache.mget(['a', 'b', 'c'])];
    },
    same: [
      [
        { key: 'a', value: 1, ttl: 100 },
        { key: 'b', value: 2, ttl: 1_000 },
      ],
      [undefined, 2, undefined],
    ],
  },
  {
    title: 'del, mdel and clear resolve with true, whatever was there',
    run: async ({ createCache }) => {
      const cache = createCache();
      await cache.mset(['a', 'b', 'c', 'd'].map((key) => ({ key, value: key })));
      const ends = [await cache.del('a'), await cache.del('x'), await cache.mdel(['b', 'x'])];
      const left = await cache.mget(['a', 'b', 'c', 'd']);
      return [ends, left, await cache.clear(), await cache.get('c')];
    },
    same: [[true, true, true], [undefined, undefined, 'c', 'd'], true, undefined],
  },
  {
    title: 'methods need no this',
    run: async ({ createCache }) => {
      const { set, get, wrap } = createCache();
      await set('k', 1);
      return [await get('k'), await wrap('w', () => 2)];
    },
    same: [1, 2],
  },
  {
    title: 'cacheId is the one given, and otherwise a text of its own',
    run: async ({ createCache }) => {
      const [one, two] = [createCache(), createCache()];
      return [createCache({ cacheId: 'mine' }).cacheId(), one.cacheId() === two.cacheId(), one.cacheId().length > 5];
    },
    same: ['mine', false, true],
  },
  {
    title: 'without stores there is one, which can be iterated over',
    run: async ({ createCache }) => {
      const cache = createCache();
      await cache.set('k', 'v');
      const [store] = cache.stores;
      const pairs: unknown[] = [];
      for await (const pair of store?.iterator?.({}) ?? []) pairs.push(pair);
      return [cache.stores.length, pairs, await store?.get('k'), await store?.has('k')];
    },
    same: [1, [['k', 'v']], 'v', true],
  },
  {
    title: 'the stores are those given',
    run: async ({ createCache, Keyv }) => {
      const given = [new Keyv(), new Keyv()];
      const { stores } = createCache({ stores: given });
      return [stores.length, stores[0] === given[0], stores[1] === given[1]];
    },
    same: [2, true, true],
  },
  {
    title: 'disconnect ends every store',
    run: async ({ createCache, Keyv }) => {
      const ended: string[] = [];
      const stores = ['a', 'b'].map((name) => {
        const keyv = new Keyv();
        keyv.disconnect = async () => void ended.push(name);
        return keyv;
      });
      return [await createCache({ stores }).disconnect(), ended];
    },
    same: [undefined, ['a', 'b']],
  },

  {
    title: 'every operation tells those who listen, until they listen no more',
    run: async ({ createCache, Keyv }) => {
      const cache = createCache({ stores: [new Keyv(), new Keyv()] });
      const log: unknown[] = [];
      const names = ['get', 'mget', 'set', 'mset', 'del', 'mdel', 'clear', 'ttl', 'refresh'] as never[];
      const listeners = names.map((name) => {
        const listener = (data?: object): void => void log.push(data === undefined ? [name] : [name, { ...data }]);
        return [name, listener] as const;
      });
      for (const [name, listener] of listeners) cache.on(name, listener as never);
      await cache.set('k', 1);
      await cache.get('k');
      await cache.get('absent');
      await cache.mset([{ key: 'm', value: 2 }]);
      await cache.mget(['k', 'm', 'absent']);
      await cache.wrap('k', () => 3);
      await cache.wrap('w', () => 4);
      await cache.ttl('w');
      await cache.del('k');
      await cache.mdel(['m', 'w']);
      await cache.clear();
      for (const [name, listener] of listeners) cache.off(name, listener as never);
      await cache.set('k', 5);
      return log;
    },
    same: [
      ['set', { key: 'k', value: 1, store: 'primary' }],
      ['set', { key: 'k', value: 1, store: 'secondary:0' }],
      ['set', { key: 'k', value: 1 }],
      ['get', { key: 'k', value: 1, store: 'primary' }],
      ['mset', { list: [{ key: 'm', value: 2, ttl: undefined }] }],
      ['mget', { keys: ['k', 'm', 'absent'], values: [1, 2, undefined] }],
      ['set', { key: 'w', value: 4, store: 'primary' }],
      ['set', { key: 'w', value: 4, store: 'secondary:0' }],
      ['set', { key: 'w', value: 4 }],
      ['ttl', { key: 'w', value: { value: 4, expires: undefined } }],
      ['del', { key: 'k' }],
      ['mdel', { keys: ['m', 'w'] }],
      ['clear'],
    ],
  },

  // ---- wrap
  {
    title: 'wrap calls the function for a missing value alone',
    run: async ({ createCache }) => {
      const cache = createCache();
      const load = jest.fn(() => 'v');
      return [await cache.wrap('k', load), await cache.wrap('k', load), load.mock.calls.length];
    },
    same: ['v', 'v', 1],
  },
  {
    title: 'wrap calls it once for all who ask meanwhile',
    run: async ({ createCache }) => {
      const cache = createCache();
      let calls = 0;
      const all = await Promise.all(Array.from({ length: 50 }, () => cache.wrap('k', async () => ++calls)));
      return [new Set(all).size, calls];
    },
    same: [1, 1],
  },
  {
    title: 'wrap takes a ttl as a number, as a function of the value and in options',
    run: async ({ createCache, pass }) => {
      const cache = createCache();
      await cache.wrap('number', () => 1, 100);
      await cache.wrap(
        'function',
        () => 2,
        (value) => value * 100,
      );
      await cache.wrap('options', () => 3, { ttl: (value) => value * 100 });
      await pass(150);
      const early = await cache.mget(['number', 'function', 'options']);
      await pass(100);
      return [early, await cache.mget(['number', 'function', 'options'])];
    },
    same: [
      [undefined, 2, 3],
      [undefined, undefined, 3],
    ],
  },
  {
    title: 'wrap with raw tells when the value ends, loaded or kept',
    run: async ({ createCache }) => {
      const cache = createCache();
      const now = Date.now();
      const ask = () => cache.wrap<string>('k', () => 'v', { ttl: 500, raw: true });
      const seen = [await ask(), await ask()];
      return [seen.map((each) => [each?.value, (each?.expires ?? 0) - now]), await cache.wrap('k', () => 'x')];
    },
    same: [
      [
        ['v', 500],
        ['v', 500],
      ],
      'v',
    ],
  },
  {
    title: 'wrap with raw of what does not end has no instant',
    run: async ({ createCache }) => (await createCache().wrap<string>('k', () => 'v', { raw: true }))?.expires,
    theirs: Number.NaN,
    ours: undefined,
    because: '`raw` of a value that does not end has `expires: undefined`, not `NaN`',
  },
  {
    title: 'wrap keeps null and not undefined',
    run: async ({ createCache }) => {
      const cache = createCache();
      const load = jest.fn<() => null | undefined>().mockReturnValueOnce(null).mockReturnValue(undefined);
      const seen = [await cache.wrap('n', load), await cache.wrap('n', load)];
      seen.push(await cache.wrap('u', load), await cache.wrap('u', load));
      return [seen, load.mock.calls.length];
    },
    same: [[null, null, undefined, undefined], 3],
  },
  {
    title: 'what the function of wrap throws is thrown to all who wait, and the next caller starts anew',
    run: async ({ createCache }) => {
      const cache = createCache();
      let calls = 0;
      const load = async (): Promise<string> => {
        if (++calls === 1) throw new Error('no luck');
        return 'v';
      };
      const both = await Promise.all([1, 2].map(() => cache.wrap('k', load).catch(told)));
      return [both, await cache.wrap('k', load), calls];
    },
    same: [['no luck', 'no luck'], 'v', 2],
  },
  {
    title: 'a wrap within the wrap of another key or another cache goes through',
    run: async ({ createCache }) => {
      const [one, two] = [createCache(), createCache()];
      return one.wrap('a', async () => (await one.wrap('b', () => 'b')) + (await two.wrap('a', () => 'a')));
    },
    same: 'ba',
  },
  {
    title: 'wrap below the threshold serves the old value, loads once behind, and tells',
    run: async ({ createCache, pass }) => {
      const cache = createCache({ refreshThreshold: 300 });
      const told: unknown[] = [];
      cache.on('refresh', (event) => told.push(event));
      const load = jest.fn<() => number>().mockReturnValueOnce(0).mockReturnValueOnce(1).mockReturnValue(2);
      const seen = [await cache.wrap('k', load, 500)];
      await pass(150);
      seen.push(await cache.wrap('k', load, 500));
      await pass(100);
      seen.push(...(await Promise.all([cache.wrap('k', load, 500), cache.wrap('k', load, 500)])));
      await pass(0);
      seen.push(await cache.wrap('k', load, 500));
      return [seen, load.mock.calls.length, told];
    },
    same: [[0, 0, 0, 0, 1], 2, [{ key: 'k', value: 1 }]],
  },
  {
    title: 'a threshold may be a function of the value, and the ttl is asked of the new one',
    run: async ({ createCache, pass }) => {
      const cache = createCache();
      const ttl = jest.fn((value: number) => value * 1_000);
      const options = { ttl, refreshThreshold: (value: number) => value * 500 };
      const seen = [await cache.wrap('k', () => 1, options)];
      await pass(600);
      seen.push(await cache.wrap('k', () => 2, options));
      await pass(0);
      seen.push(await cache.wrap('k', () => 3, options));
      return [seen, ttl.mock.calls];
    },
    same: [
      [1, 1, 2],
      [[1], [2]],
    ],
  },
  {
    title: 'a refresh that fails is an event, with the value that was served',
    run: async ({ createCache, pass }) => {
      const cache = createCache();
      const events: unknown[] = [];
      cache.on('refresh', ({ key, value, error }) => events.push([key, value, told(error)]));
      await cache.wrap('k', () => 'old', 500, 300);
      await pass(250);
      const served = await cache.wrap('k', failing('no luck'), 500, 300);
      await pass(0);
      return [served, events];
    },
    same: ['old', [['k', 'old', 'no luck']]],
  },

  // ---- several stores
  {
    title: 'set and del reach every store, get takes the first that has the value',
    run: async ({ createCache, Keyv }) => {
      const [one, two] = [new Keyv(), new Keyv()];
      const cache = createCache({ stores: [one, two] });
      await cache.set('k', 'v');
      const stored = [await one.get('k'), await two.get('k')];
      await one.set('k', 'first');
      stored.push(await cache.get('k'));
      await cache.del('k');
      return [stored, await one.get('k'), await two.get('k')];
    },
    same: [['v', 'v', 'first'], undefined, undefined],
  },
  {
    title: 'a store that fails to read is passed over, and told of',
    run: async ({ createCache, Keyv }) => {
      const [one, two] = [new Keyv(), new Keyv()];
      const cache = createCache({ stores: [one, two] });
      await cache.set('k', 'v');
      one.get = failing('no read');
      const events: unknown[] = [];
      const listener = ((data: { error?: unknown; value?: unknown; store?: string }) =>
        events.push([data.store, data.value ?? told(data.error)])) as Listener;
      cache.on('get', listener as never);
      return [await cache.get('k'), events];
    },
    same: [
      'v',
      [
        ['primary', 'no read'],
        ['secondary:0', 'v'],
      ],
    ],
  },
  {
    title: 'wrap brings a value from the second store to the first',
    run: async ({ createCache, Keyv }) => {
      const [one, two] = [new Keyv(), new Keyv()];
      const cache = createCache({ stores: [one, two] });
      await two.set('k', 'v');
      return [await cache.wrap('k', () => 'x'), await one.get('k')];
    },
    same: ['v', 'v'],
  },
  {
    title: 'what wrap brings to the first store lives there',
    run: async ({ createCache, Keyv, pass }) => {
      const [one, two] = [new Keyv(), new Keyv()];
      const cache = createCache({ stores: [one, two], ttl: 1_000 });
      await two.set('k', 'v', 200);
      await cache.wrap('k', () => 'x');
      await pass(201);
      return [await one.get('k'), await two.get('k')];
    },
    theirs: ['v', undefined],
    ours: [undefined, undefined],
    because: 'a value that is brought up from a lower store lives as long as it had left there, not a full `ttl` more',
  },
  {
    title: 'get brings a value from the second store to the first',
    run: async ({ createCache, Keyv, pass }) => {
      const [one, two] = [new Keyv(), new Keyv()];
      const cache = createCache({ stores: [one, two] });
      await two.set('k', 'v', 200);
      await two.set('m', 'w');
      const seen = [await cache.get('k'), await one.get('k'), await cache.mget(['m']), await one.get('m')];
      await pass(201);
      return [...seen, await one.get('k')];
    },
    theirs: ['v', undefined, ['w'], undefined, undefined],
    ours: ['v', 'v', ['w'], 'w', undefined],
    because: '`get` and `mget` bring values up from lower stores too, not only `wrap`',
  },
  {
    title: 'a refresh goes down to the store that had the value, or to all',
    run: async ({ createCache, Keyv, pass }) => {
      const seen: unknown[] = [];
      for (const refreshAllStores of [false, true]) {
        const [one, two] = [new Keyv({ ttl: 400 }), new Keyv({ ttl: 1_000 })];
        const cache = createCache({ stores: [one, two], refreshThreshold: 250, refreshAllStores });
        await cache.wrap('k', () => 0);
        await pass(200);
        await cache.wrap('k', () => 1);
        await pass(0);
        seen.push([await one.get('k'), await two.get('k')]);
      }
      return seen;
    },
    same: [
      [1, 0],
      [1, 1],
    ],
  },
  {
    title: 'nonBlocking: the value of any store',
    run: async ({ createCache, Keyv }) => {
      const [one, two] = [new Keyv(), new Keyv()];
      const cache = createCache({ stores: [one, two], nonBlocking: true });
      await two.set('k', 'v');
      return [await cache.get('k'), await cache.mget(['k'])];
    },
    theirs: [undefined, [undefined]],
    ours: ['v', ['v']],
    because: '`nonBlocking` reads take the first value that a store has, not the first answer, which may be a miss',
  },
  {
    title: 'nonBlocking: writes are not waited for',
    run: async ({ createCache, Keyv, pass }) => {
      const [one, two] = [new Keyv(), new Keyv()];
      const slow = gate();
      const set = two.set.bind(two);
      two.set = (async (key: string, value: unknown, ttl?: number) => {
        await slow.promise;
        return set(key, value, ttl);
      }) as typeof two.set;
      const cache = createCache({ stores: [one, two], nonBlocking: true });
      await cache.set('k', 'v');
      const early = await two.get('k');
      slow.open();
      await pass(0);
      return [early, await two.get('k')];
    },
    same: [undefined, 'v'],
  },

  // ---- failures
  {
    title: 'set, del and clear reject with what a store throws, and tell',
    run: async ({ createCache, Keyv }) => {
      const keyv = new Keyv();
      const cache = createCache({ stores: [keyv] });
      const events: unknown[] = [];
      cache.on('set', (data) => 'store' in data || events.push(['set', told(data.error)]));
      cache.on('del', (data) => events.push(['del', told(data.error)]));
      cache.on('clear', (error) => events.push(['clear', told(error)]));
      keyv.set = failing('no set');
      keyv.delete = failing('no del');
      keyv.clear = failing('no clear');
      const ends = [cache.set('k', 1), cache.del('k'), cache.clear()].map((end) => end.catch(told));
      return [await Promise.all(ends), events.toSorted()];
    },
    same: [
      ['no set', 'no del', 'no clear'],
      [
        ['clear', 'no clear'],
        ['del', 'no del'],
        ['set', 'no set'],
      ],
    ],
  },
  {
    title: 'wrap with a store that cannot read calls the function',
    run: async ({ createCache, Keyv }) => {
      const keyv = new Keyv();
      keyv.get = failing('no read');
      const events: unknown[] = [];
      const cache = createCache({ stores: [keyv] });
      cache.on('get', ({ error }) => events.push(told(error)));
      return [await cache.wrap('k', () => 'v'), await cache.wrap('k', () => 'w'), events];
    },
    theirs: ['v', 'w', []],
    ours: ['v', 'w', ['no read', 'no read']],
    because: 'a store that fails to read within `wrap` is told of by the event `get`',
  },
  {
    title: 'wrap with a store that cannot write',
    run: async ({ createCache, Keyv }) => {
      const keyv = new Keyv({ throwOnErrors: true });
      keyv.set = failing('no set');
      return createCache({ stores: [keyv] })
        .wrap('k', () => 'v')
        .catch(told);
    },
    theirs: 'no set',
    ours: 'v',
    because: '`wrap` returns what the function returned although a store could not keep it; that is an event `set`',
  },
  {
    title: 'a store that never answers',
    run: async ({ createCache, Keyv, pass }) => {
      const keyv = new Keyv();
      keyv.get = (() => new Promise(() => {})) as typeof keyv.get;
      const reading = Promise.race([createCache({ stores: [keyv] }).get('k'), gateAfter(pass, 5_000)]);
      return reading;
    },
    theirs: 'still waiting',
    ours: undefined,
    because:
      'a store that does not answer within `timeout` (1 s) is a miss, and after several failures is left alone for a second',
  },
  {
    title: 'a listener that throws',
    run: async ({ createCache }) => {
      const cache = createCache();
      cache.on('set', failing('no listener'));
      return cache.set('k', 'v').catch(told);
    },
    theirs: 'no listener',
    ours: 'v',
    because: 'a listener that throws harms no caller',
  },

  // ---- correctness
  {
    title: 'del while a wrap is loading',
    run: async ({ createCache, Keyv }) => {
      const seen: unknown[] = [];
      for (const stores of [undefined, [new Keyv()]]) {
        const cache = createCache({ stores });
        const source = gate<string>();
        const loading = cache.wrap('k', () => source.promise);
        await new Promise((resolve) => setImmediate(resolve));
        await cache.del('k');
        source.open('old');
        seen.push([await loading, await cache.get('k')]);
      }
      return seen;
    },
    theirs: [
      ['old', 'old'],
      ['old', 'old'],
    ],
    ours: [
      ['old', undefined],
      ['old', undefined],
    ],
    because: 'what was loaded before a `del`, `set` or `clear` of its key is not stored after it',
  },
  {
    title: 'a caller who comes after a del does not join the load from before it',
    run: async ({ createCache, Keyv }) => {
      const cache = createCache({ stores: [new Keyv()] });
      const source = gate<string>();
      const first = cache.wrap('k', () => source.promise);
      await new Promise((resolve) => setImmediate(resolve));
      await cache.del('k');
      const second = cache.wrap('k', () => 'new');
      source.open('old');
      return [await first, await second];
    },
    theirs: ['old', 'old'],
    ours: ['old', 'new'],
    because: 'a caller who comes after a `del`, `set` or `clear` starts a load of its own',
  },
  {
    title: 'callers who share a load get what they asked for, raw or not',
    run: async ({ createCache }) => {
      const cache = createCache();
      const [plain, raw] = await Promise.all([
        cache.wrap('k', async () => 'v'),
        cache.wrap<string>('k', async () => 'v', { raw: true }),
      ]);
      return [plain, (raw as { value?: string }).value];
    },
    theirs: ['v', undefined],
    ours: ['v', 'v'],
    because: 'a caller who asks `raw` gets that, also when it joins the load of one who does not',
  },
  {
    title: 'changing an object that was read or is stored',
    run: async ({ createCache }) => {
      const cache = createCache();
      const stored = { list: [1] };
      await cache.set('k', stored);
      stored.list.push(2);
      const read = await cache.get<{ list: number[] }>('k');
      read?.list.push(3);
      return cache.get('k');
    },
    theirs: { list: [1, 2, 3] },
    ours: { list: [1] },
    because: "the store in memory hands out copies of plain data; `clone: 'none'` the objects themselves",
  },
  {
    title: 'an instance of a class comes back as itself',
    run: async ({ createCache }) => {
      class User {
        constructor(readonly name: string) {}
      }
      const cache = createCache();
      const user = new User('Ada');
      await cache.set('k', { user });
      return (await cache.get<{ user: User }>('k'))?.user === user;
    },
    same: true,
  },
  {
    title: 'how many entries the store in memory holds of 12,000 without a ttl, and of 1,000 after their ttl',
    run: async ({ createCache, pass }) => {
      const size = async (cache: ReturnType<Kit['createCache']>): Promise<number> => {
        const store = cache.stores[0] as unknown as { store: { size?: number; cache?: { stats(): { size: number } } } };
        return store.store.size ?? store.store.cache?.stats().size ?? -1;
      };
      const [endless, short] = [createCache(), createCache({ ttl: 1_000 })];
      const entries = (count: number) => Array.from({ length: count }, (_, at) => ({ key: `k${at}`, value: at }));
      await endless.mset(entries(12_000));
      await short.mset(entries(1_000));
      await pass(5_000);
      return [await size(endless), await size(short)];
    },
    theirs: [12_000, 1_000],
    ours: [10_000, 0],
    because: 'the store in memory is bounded (`max`, 10,000 unless you say otherwise), and lets go of what has expired',
  },

  {
    title: 'a wrap within the wrap of the same key',
    run: async ({ createCache, Keyv, pass }) => {
      const cache = createCache({ stores: [new Keyv()] });
      const nested = cache.wrap('k', async () => `outer of ${await cache.wrap('k', async () => 'inner')}`);
      return Promise.race([nested, gateAfter(pass, 120_000)]);
    },
    theirs: 'still waiting',
    ours: 'outer of inner',
    because: 'a `wrap` that asks, on its way, for its own key loads it instead of waiting for itself for ever',
  },
  {
    title: 'a wrap whose function never ends',
    run: async ({ createCache, Keyv, pass }) => {
      const cache = createCache({ stores: [new Keyv()] });
      void cache.wrap('k', () => new Promise<string>(() => {}));
      await pass(61_000);
      return Promise.race([cache.wrap('k', () => 'second'), gateAfter(pass, 1_000)]);
    },
    theirs: 'still waiting',
    ours: 'second',
    because: 'a load that has not ended after a minute is waited for no longer by those who come then',
  },

  // ---- Keyv 6
  {
    title: 'wrap and ttl over a Keyv of version 6',
    run: async ({ createCache, Keyv6, pass }) => {
      const cache = createCache({ stores: [new Keyv6()] });
      let calls = 0;
      const now = Date.now();
      const seen = [await cache.wrap('k', () => ++calls, 500), await cache.wrap('k', () => ++calls, 500)];
      const ends = await cache.ttl('k');
      const raw = await cache.wrap('k', () => ++calls, { raw: true });
      await pass(501);
      return [seen, ends && ends - now, raw?.value, await cache.get('k')];
    },
    theirs: [[1, 2], undefined, 3, 3],
    ours: [[1, 1], 500, 1, undefined],
    because: 'a Keyv of version 6 works: `wrap` keeps what it loads, and `ttl` tells when it ends',
  },
];

async function gateAfter(pass: Kit['pass'], ms: number): Promise<string> {
  await pass(ms);
  return 'still waiting';
}

import type { Calls } from './app.js';

/** What of an answer matters. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly xCache: string | null;
  readonly headers: Headers;
}

/** A running app, and its cache. */
export interface HttpKit {
  readonly calls: Calls;
  readonly cache: {
    get(key: string): Promise<unknown>;
    set(key: string, value: unknown): Promise<unknown>;
    del(key: string): Promise<unknown>;
    clear(): Promise<unknown>;
  };
  ask(path: string, init?: RequestInit): Promise<Answer>;
}

/** Something that an app does over both packages; what it shows is the same, or the difference is meant. */
export interface HttpCase {
  readonly title: string;
  run(kit: HttpKit): Promise<unknown>;
  readonly same?: unknown;
  readonly theirs?: unknown;
  readonly ours?: unknown;
  /** Why ours differs: the words of the table in docs/migration.md. */
  readonly because?: string;
}

const twice =
  (path: string, init?: RequestInit) =>
  async (kit: HttpKit): Promise<unknown> => {
    const seen: unknown[] = [];
    for (let at = 0; at < 2; at++) {
      const { status, body, xCache } = await kit.ask(path, init);
      seen.push([status, body, xCache]);
    }
    return seen;
  };

const as = (authorization: string): RequestInit => ({ headers: { authorization } });

export const HTTP_CASES: readonly HttpCase[] = [
  {
    title: 'both tokens are one cache',
    run: twice('same'),
    same: [
      [200, { same: true }, 'MISS'],
      [200, { same: true }, 'HIT'],
    ],
  },
  {
    title: 'JSON is kept',
    run: twice('json'),
    same: [
      [200, { run: 1 }, 'MISS'],
      [200, { run: 1 }, 'HIT'],
    ],
  },
  {
    title: 'text is kept',
    run: twice('text'),
    same: [
      [200, 'run 1', 'MISS'],
      [200, 'run 1', 'HIT'],
    ],
  },
  {
    title: 'the URL is the key under which the body lies',
    run: async (kit) => {
      await kit.ask('json?a=1');
      await kit.cache.set('/given', 'by hand');
      return [await kit.cache.get('/json?a=1'), (await kit.ask('stored?key=%2Fgiven')).body];
    },
    same: [{ run: 1 }, 'by hand'],
  },
  {
    title: 'what the app deletes is asked anew',
    run: async (kit) => {
      await kit.ask('json');
      await kit.cache.del('/json');
      return (await kit.ask('json')).body;
    },
    same: { run: 2 },
  },
  {
    title: 'what the app sets under the URL is answered',
    run: async (kit) => {
      await kit.cache.set('/json', { by: 'hand' });
      const { body, xCache } = await kit.ask('json');
      return [body, xCache];
    },
    same: [{ by: 'hand' }, 'HIT'],
  },
  {
    title: 'a static header comes with each answer',
    run: async (kit) => {
      const answers = [await kit.ask('header'), await kit.ask('header')];
      return answers.map(({ headers, xCache }) => [headers.get('x-static'), xCache]);
    },
    same: [
      ['always', 'MISS'],
      ['always', 'HIT'],
    ],
  },
  {
    title: 'a key of a handler stands for all its calls',
    run: async (kit) => [(await kit.ask('named/1')).body, (await kit.ask('named/2')).body],
    same: [{ id: '1' }, { id: '1' }],
  },
  {
    title: 'a key that is a function leaves calls uncached for which it says nothing',
    run: async (kit) => {
      const seen = [
        await kit.ask('mine'),
        await kit.ask('mine', as('a')),
        await kit.ask('mine', as('a')),
        await kit.ask('mine', as('b')),
      ];
      return seen.map(({ body, xCache }) => [body, xCache]);
    },
    same: [
      [{ run: 1 }, null],
      [{ name: 'a', run: 2 }, 'MISS'],
      [{ name: 'a', run: 2 }, 'HIT'],
      [{ name: 'b', run: 3 }, 'MISS'],
    ],
  },
  {
    title: 'a POST with a key is kept',
    run: twice('named', { method: 'POST' }),
    same: [
      [201, { run: 1 }, 'MISS'],
      [201, { run: 1 }, 'HIT'],
    ],
  },
  {
    title: 'a POST without one is not',
    run: twice('plain', { method: 'POST' }),
    same: [
      [201, { run: 1 }, null],
      [201, { run: 2 }, null],
    ],
  },
  {
    title: 'a ttl of the handler, a number or a function, wins over that of its class',
    run: async (kit) => {
      await kit.ask('ttl?ttl=30000');
      await kit.ask('json');
      await kit.ask('short');
      const left = async (key: string): Promise<number> => {
        const ends = await (kit.cache as unknown as { ttl(key: string): Promise<number> }).ttl(key);
        return Math.round((ends - Date.now()) / 10_000) * 10;
      };
      return [await left('/ttl?ttl=30000'), await left('/json')];
    },
    same: [30, 60],
  },
  {
    title: 'a failing handler is not kept',
    run: async (kit) => [
      (await kit.ask('fails')).status,
      (await kit.ask('fails')).status,
      kit.calls.counts.get('fails'),
    ],
    same: [403, 403, 2],
  },
  {
    title: 'of an Observable the last value is answered and kept',
    run: twice('many'),
    same: [
      [200, 3, 'MISS'],
      [200, 3, 'HIT'],
    ],
  },
  {
    title: 'guards run on a hit; what stands inside of the interceptor does not',
    run: async (kit) => {
      const seen = [await kit.ask('around'), await kit.ask('around')];
      return [seen.map(({ body }) => body), kit.calls.counts.get('guard'), (await kit.ask('around?deny=1')).status];
    },
    same: [
      [
        { run: 1, inner: 1 },
        { run: 1, inner: 1 },
      ],
      2,
      403,
    ],
  },
  {
    title: 'interceptors outside of it run on a hit',
    run: twice('wrapped'),
    same: [
      [200, { run: 1, outer: 1 }, 'MISS'],
      [200, { run: 1, outer: 2 }, 'HIT'],
    ],
  },
  {
    title: 'trackBy of a subclass makes the key',
    run: async (kit) => {
      const seen = [
        await kit.ask('by-user', as('a')),
        await kit.ask('by-user', as('a')),
        await kit.ask('by-user', as('b')),
      ];
      return seen.map(({ body, xCache }) => [body, xCache]);
    },
    same: [
      [{ name: 'a', run: 1 }, 'MISS'],
      [{ name: 'a', run: 1 }, 'HIT'],
      [{ name: 'b', run: 2 }, 'MISS'],
    ],
  },
  {
    title: 'allowedMethods and isRequestCacheable of a subclass say what is kept',
    run: async (kit) => [await twice('not-all/kept', { method: 'POST' })(kit), await twice('not-all/live')(kit)],
    same: [
      [
        [201, { run: 1 }, 'MISS'],
        [201, { run: 1 }, 'HIT'],
      ],
      [
        [200, { run: 1 }, null],
        [200, { run: 2 }, null],
      ],
    ],
  },
  {
    title: 'HEAD is not kept',
    run: async (kit) => {
      const seen = [await kit.ask('json', { method: 'HEAD' }), await kit.ask('json', { method: 'HEAD' })];
      return [seen.map(({ xCache }) => xCache), kit.calls.counts.get('json')];
    },
    same: [[null, null], 2],
  },

  {
    title: 'bytes are answered as they were the first time',
    run: async (kit) => {
      const answers = [await kit.ask('bytes'), await kit.ask('bytes')];
      const [first, second] = answers.map(({ body, headers }) => [JSON.stringify(body), headers.get('content-type')]);
      return [JSON.stringify(first) === JSON.stringify(second), kit.calls.counts.get('bytes')];
    },
    same: [true, 1],
  },
  {
    title: 'files and other streams are not kept',
    run: twice('file'),
    same: [
      [200, 'run 1', 'MISS'],
      [200, 'run 2', 'MISS'],
    ],
  },
  {
    title: 'a handler may wrap the key that it is kept under',
    run: twice('wraps'),
    same: [
      [200, { run: 1 }, 'MISS'],
      [200, { run: 1 }, 'HIT'],
    ],
  },
  {
    title: 'what a handler returns may be changed by interceptors outside, without harm to what is kept',
    run: async (kit) => [
      (await kit.ask('changed')).body,
      (await kit.ask('changed')).body,
      (await kit.ask('changed')).body,
    ],
    theirs: [{ tags: ['a', 'seen'] }, { tags: ['a', 'seen', 'seen'] }, { tags: ['a', 'seen', 'seen', 'seen'] }],
    ours: [{ tags: ['a', 'seen'] }, { tags: ['a', 'seen'] }, { tags: ['a', 'seen'] }],
    because: 'each caller gets a copy of what is kept in memory',
  },

  // ---- what differs
  {
    title: 'a handler that returns null',
    run: async (kit) => [(await kit.ask('null')).xCache, (await kit.ask('null')).xCache, kit.calls.counts.get('null')],
    theirs: ['MISS', 'MISS', 2],
    ours: ['MISS', 'HIT', 1],
    because: '`null` is kept like any other answer',
  },
  {
    title: 'a status and headers that the handler set',
    run: async (kit) => {
      const seen = [await kit.ask('partial'), await kit.ask('partial')];
      return seen.map(({ status, headers, xCache }) => [status, headers.get('x-custom'), xCache]);
    },
    theirs: [
      [206, 'yes', 'MISS'],
      [203, null, 'HIT'],
    ],
    ours: [
      [206, 'yes', 'MISS'],
      [206, 'yes', 'HIT'],
    ],
    because: 'a hit has the status and the headers that the handler set, and not only its body',
  },
  {
    title: 'a content type that the handler set',
    run: async (kit) => {
      const seen = [await kit.ask('csv'), await kit.ask('csv')];
      return seen.map(({ headers }) => headers.get('content-type')?.startsWith('text/csv'));
    },
    theirs: [true, false],
    ours: [true, true],
    because: 'a hit has the content type that the handler set',
  },
  {
    title: 'a handler that sets a cookie',
    run: async (kit) => [(await kit.ask('cookie')).body, (await kit.ask('cookie')).body],
    theirs: [{ run: 1 }, { run: 1 }],
    ours: [{ run: 1 }, { run: 2 }],
    because:
      'an answer whose handler sets a cookie, `Vary`, `Content-Range`, or `Cache-Control: no-store` or `private`, or whose status is of the client (401, 402, 403, 407, 429) or 500 or more, is not kept',
  },
  {
    title: 'a handler that says no-store',
    run: async (kit) => [(await kit.ask('no-store')).body, (await kit.ask('no-store')).body],
    theirs: [{ run: 1 }, { run: 1 }],
    ours: [{ run: 1 }, { run: 2 }],
    because: 'an answer whose handler says `no-store` is not kept',
  },
  {
    title: 'a handler that is declared private',
    run: async (kit) => [(await kit.ask('declared-private')).body, (await kit.ask('declared-private')).body],
    theirs: [{ run: 1 }, { run: 1 }],
    ours: [{ run: 1 }, { run: 2 }],
    because: '`@Header()` counts as what the handler sets',
  },
  {
    title: 'server-sent events, twice',
    run: async (kit) => {
      const count = (body: unknown): number => String(body).split('data:').length - 1;
      return [count((await kit.ask('events')).body), count((await kit.ask('events')).body)];
    },
    theirs: [3, 1],
    ours: [3, 3],
    because: 'server-sent events pass through; a hit was the last event alone',
  },
  {
    title: 'a handler that writes its reply itself',
    run: async (kit) => [(await kit.ask('self')).xCache, (await kit.ask('self')).body],
    theirs: ['MISS', { run: 2 }],
    ours: [null, { run: 2 }],
    because:
      'a handler with `@Res()` passes through untouched, also where it returns something; a hit of that was a request without an answer',
  },
  {
    title: 'ten requests at once',
    run: async (kit) => {
      let open!: () => void;
      kit.calls.waiting = new Promise<void>((resolve) => (open = resolve));
      const asked = Array.from({ length: 10 }, () => kit.ask('slow'));
      while ((kit.calls.counts.get('slow') ?? 0) < 1) await new Promise((resolve) => setImmediate(resolve));
      for (let turn = 0; turn < 500; turn++) await new Promise((resolve) => setImmediate(resolve));
      open();
      const runs = new Set((await Promise.all(asked)).map(({ body }) => (body as { run: number }).run));
      return [runs.size, kit.calls.counts.get('slow')];
    },
    theirs: [10, 10],
    ours: [1, 1],
    because: 'concurrent requests of one key run the handler once',
  },
  {
    title: 'a del while the handler runs',
    run: async (kit) => {
      let open!: () => void;
      kit.calls.waiting = new Promise<void>((resolve) => (open = resolve));
      const asked = kit.ask('slow');
      while ((kit.calls.counts.get('slow') ?? 0) < 1) await new Promise((resolve) => setImmediate(resolve));
      await kit.cache.del('/slow');
      open();
      await asked;
      return (await kit.ask('slow')).body;
    },
    theirs: { run: 1 },
    ours: { run: 2 },
    because: 'an answer that was on its way when its key was deleted is not kept',
  },
  {
    title: 'the same query in another order',
    run: async (kit) => [(await kit.ask('query?a=1&b=2')).body, (await kit.ask('query?b=2&a=1')).body],
    theirs: [
      { a: '1', b: '2', run: 1 },
      { a: '1', b: '2', run: 2 },
    ],
    ours: [
      { a: '1', b: '2', run: 1 },
      { a: '1', b: '2', run: 1 },
    ],
    because: 'the parameters of a URL are sorted by name in its key',
  },
  {
    title: 'one user after another, with nothing but the URL for a key',
    run: async (kit) => [(await kit.ask('me', as('alice'))).body, (await kit.ask('me', as('bob'))).body],
    theirs: [{ name: 'alice' }, { name: 'alice' }],
    ours: [{ name: 'alice' }, { name: 'bob' }],
    because:
      "a request with `Authorization`, `Cookie` or `request.user` is answered uncached, with one warning, unless `@CacheKey` or `trackBy` make its key more than the URL, `isShareable` says that all may have the answer, or `compat` is `'strict'`",
  },
];

import { channel, subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  CacheDiagnosticsModule,
  CacheLogModule,
  channelOf,
  logCacheEvents,
  publishDiagnostics,
  type CacheLogOptions,
  type LoadMessage,
} from '../../../lib/observability/diagnostics/index.js';
import { CacheRegistry, defineCache, type CacheEvent } from '../../../lib/index.js';
import { ChaosTier, FakeClock, InProcessTier } from '../../../lib/testing/index.js';
import { startObservedApp, type ObservedApp } from './observed-app.js';

let started: ObservedApp | undefined;

afterEach(() => started?.close());

describe('nestjs-strata/diagnostics: channels', () => {
  it('publishes events on the channel of their type, and makes none that nobody subscribed to', async () => {
    started = await startObservedApp({ imports: [CacheDiagnosticsModule] });
    const heard: unknown[] = [];
    const listener = (event: unknown): void => void heard.push((event as CacheEvent).key);
    subscribe(channelOf('load'), listener);
    try {
      await started.get('/users/1');
      await started.get('/users/1');
    } finally {
      unsubscribe(channelOf('load'), listener);
    }
    await started.get('/users/2');
    expect(heard).toEqual(['1']);
    expect(channel('nestjs-strata:load').hasSubscribers).toBe(false);
  });

  it('has an event made only while somebody subscribes, and lets go when it is stopped', async () => {
    const clock = new FakeClock();
    const registry = new CacheRegistry({ clock });
    registry.define(defineCache<string, number>('numbers'));
    const cache = registry.get<string, number>('numbers');
    const stop = publishDiagnostics(registry);
    const made = jest.spyOn(clock, 'epochMs');
    await cache.put('a', 1);
    expect(made).not.toHaveBeenCalled();
    const heard: string[] = [];
    const listener = (event: unknown): void => void heard.push((event as CacheEvent).type);
    for (const type of ['put', 'hit'] as const) subscribe(channelOf(type), listener);
    try {
      await cache.put('a', 1);
      await cache.get('a');
      await cache.clear();
      stop();
      await cache.put('a', 1);
    } finally {
      for (const type of ['put', 'hit'] as const) unsubscribe(channelOf(type), listener);
    }
    expect(heard).toEqual(['put', 'hit']);
    await registry.close();
  });

  it('traces the runs of loaders, those that end at once, reject or throw', async () => {
    const registry = new CacheRegistry();
    registry.define(defineCache<string, string>('texts'));
    const cache = registry.get<string, string>('texts');
    const stop = publishDiagnostics(registry);
    const told: string[] = [];
    const tell = (name: string) => (message: unknown) => {
      const { keys, result, error } = message as LoadMessage;
      told.push(`${name} ${String(keys[0])} ${String(result ?? (error as Error | undefined)?.message ?? '')}`.trim());
    };
    const subscribers = {
      start: tell('start'),
      end: tell('end'),
      asyncStart: tell('asyncStart'),
      asyncEnd: tell('asyncEnd'),
      error: tell('error'),
    };
    const loads = tracingChannel('nestjs-strata:load');
    loads.subscribe(subscribers);
    try {
      await cache.getOrLoad('now', () => 'value');
      await cache.getOrLoad('later', async () => 'value');
      await cache.getOrLoad('rejects', () => Promise.reject(new Error('down'))).catch(() => {});
      await cache
        .getOrLoad('throws', () => {
          throw new Error('broken');
        })
        .catch(() => {});
    } finally {
      loads.unsubscribe(subscribers);
    }
    await cache.getOrLoad('unheard', () => 'value');
    stop();
    expect(told).toEqual([
      'start now',
      'end now value',
      'start later',
      'end later',
      'asyncStart later value',
      'asyncEnd later value',
      'start rejects',
      'end rejects',
      'error rejects down',
      'asyncStart rejects down',
      'asyncEnd rejects down',
      'start throws',
      'error throws broken',
      'end throws broken',
    ]);
    await registry.close();
  });
});

class Lines {
  readonly lines: [level: string, line: unknown][] = [];
  debug = (line: unknown): void => void this.lines.push(['debug', line]);
  log = (line: unknown): void => void this.lines.push(['log', line]);
  warn = (line: unknown): void => void this.lines.push(['warn', line]);
}

function logged(options: CacheLogOptions = {}) {
  const clock = new FakeClock();
  const logger = new Lines();
  const registry = new CacheRegistry({ clock });
  registry.define(defineCache<string, string>('texts', { maxSize: 2, policy: 'lru' }));
  const cache = registry.get<string, string>('texts');
  const stop = logCacheEvents(registry, { clock, logger, ...options });
  const fail = (key: string, message: string): Promise<unknown> =>
    cache.getOrLoad(key, () => Promise.reject(new Error(message))).catch(() => {});
  return { clock, logger, cache, stop, fail };
}

describe('nestjs-strata/diagnostics: log', () => {
  it('logs the first line of a kind at once, and then how many more there were in each ten seconds', async () => {
    const { clock, logger, fail, stop } = logged();
    for (const message of ['one', 'two', 'three "quoted"']) await fail('secret', message);
    expect(logger.lines).toEqual([['warn', 'loadError cache=texts cause=load durationMs=0 error=one']]);
    clock.advance(10_000);
    expect(logger.lines.slice(1)).toEqual([
      ['warn', 'loadError cache=texts cause=load durationMs=0 error="three \\"quoted\\"" suppressed=2'],
    ]);
    await fail('secret', 'four');
    expect(logger.lines).toHaveLength(2);
    stop();
    expect(logger.lines.slice(2)).toEqual([
      ['warn', 'loadError cache=texts cause=load durationMs=0 error=four suppressed=1'],
    ]);
    await fail('secret', 'unheard');
    expect(logger.lines).toHaveLength(3);
  });

  it('logs at once again when it has been quiet for as long', async () => {
    const { clock, logger, fail } = logged({ every: '1s' });
    await fail('a', 'one');
    clock.advance(1_000);
    await fail('a', 'two');
    expect(logger.lines).toHaveLength(2);
  });

  it('keeps a hostile message, key or group in one line', async () => {
    const { logger, cache } = logged({ keys: true, types: ['loadError', 'invalidate'], every: 0 });
    await cache.getOrLoad('k\n2026 ERROR forged', () => Promise.reject(new Error('a\r\nb'))).catch(() => {});
    await cache.invalidateGroup('g=1\u2028x\u001b[31m');
    for (const [, line] of logger.lines) expect(line).not.toMatch(/\p{Cc}|\p{Zl}/u);
    expect(logger.lines.map(([level]) => level)).toEqual(['warn', 'debug']);
  });

  it('hands objects to loggers that want them, with keys only where it is asked to', async () => {
    const { logger, cache } = logged({ format: 'object', types: ['evict', 'put'], keys: true, every: 0 });
    for (const key of ['a', 'b', 'c']) await cache.put(key, 'never logged');
    expect(logger.lines.at(-2)).toEqual([
      'debug',
      { event: 'evict', cache: 'texts', tier: 'memory', cause: 'size', key: 'a' },
    ]);
    expect(JSON.stringify(logger.lines)).not.toContain('never logged');
  });

  it('tells through Nest once of a breaker that opens, whatever the number of caches with that tier', async () => {
    const logger = new Lines();
    started = await startObservedApp({ imports: [CacheLogModule.forRoot({ logger })] });
    started.tier.inject({ kind: 'fail' });
    for (const id of ['1', '2', '3', '4']) await started.get(`/users/${id}`);
    await started.caches.get<string, string>('cities').put('berlin', 'Berlin');
    const lines = logger.lines.map(([level, line]) => `${level} ${String(line)}`);
    expect(lines.filter((line) => line.includes('cause=open'))).toEqual(['warn breaker tier=shared cause=open']);
    expect(lines.filter((line) => line.startsWith('warn tierError cache=users tier=shared cause=read'))).toHaveLength(
      1,
    );
    expect(lines.some((line) => line.includes('bus'))).toBe(false);
  });

  it('tells last what state a breaker is in, however often that changed meanwhile', async () => {
    const clock = new FakeClock();
    const logger = new Lines();
    const tier = new ChaosTier(new InProcessTier({ name: 'shared', clock, breaker: { minCalls: 3, open: '1s' } }));
    const registry = new CacheRegistry({ clock, tiers: [tier] });
    registry.define(defineCache<string, string>('texts', {}));
    const cache = registry.get<string, string>('texts');
    const stop = logCacheEvents(registry, { clock, logger, types: ['breaker'] });
    for (let time = 1; time <= 2; time++) {
      const mend = tier.inject({ kind: 'fail' });
      for (const key of ['a', 'b', 'c']) await cache.get(key);
      mend();
      clock.advance(1_000);
      await cache.get('d');
    }
    clock.advance(10_000);
    expect(logger.lines).toEqual([
      ['warn', 'breaker tier=shared cause=open'],
      ['log', 'breaker tier=shared cause=closed suppressed=5'],
    ]);
    stop();
    await registry.close();
  });

  it('names options that are wrong', () => {
    expect(() => logged({ types: ['evicted' as 'evict'] })).toThrow(/types must be a list of hit, miss/);
    expect(() => logged({ every: Infinity })).toThrow(/every must be finite/);
    expect(() => logged({ format: 'json' as 'text' })).toThrow(/format must be one of text, object/);
    expect(() => logged({ logger: {} as Lines })).toThrow(/logger must have the methods of a LoggerService/);
  });
});

import { describe, expect, it, jest } from '@jest/globals';
import { Injectable, Logger, Scope } from '@nestjs/common';
import {
  CacheMisuseError,
  CacheRegistry,
  CacheUnknownError,
  defineCache,
  defineMemoryCache,
  OnCacheEvent,
  type CacheEvent,
} from '../../../lib/index.js';
import { FakeClock } from '../../../lib/testing/index.js';
import { appOf } from './app-of.js';

const Words = defineCache<string, string>('words', { maxSize: 1 });
const Other = defineCache<string, string>('other');
const Engine = defineMemoryCache<string, string>('engine');

describe('@OnCacheEvent', () => {
  it('has no events made of other types than its handlers listen to', async () => {
    @Injectable()
    class Listener {
      readonly seen: string[] = [];

      @OnCacheEvent(Words, 'clear')
      @OnCacheEvent(undefined, ['evict'])
      heard({ type }: CacheEvent): void {
        this.seen.push(type);
      }
    }
    const clock = new FakeClock();
    const app = await appOf({ providers: [Listener] }, { caches: [Words, Other], clock });
    const made = jest.spyOn(clock, 'epochMs');
    const words = app.get(CacheRegistry).get(Words);
    for (const key of ['a', 'b']) {
      await words.put(key, 'x');
      await words.get(key);
    }
    expect(made).toHaveBeenCalledTimes(1);
    await words.clear();
    expect(app.get(Listener).seen).toEqual(['evict', 'clear']);
    await app.close();
  });

  it('gets the events of its cache and types, from the bootstrap until the shutdown', async () => {
    @Injectable()
    class Listener {
      readonly seen: string[] = [];

      @OnCacheEvent(Words, 'evict')
      evicted({ type, key }: CacheEvent<string, string>): void {
        this.seen.push(`one ${type} ${key}`);
      }

      @OnCacheEvent('words', ['put', 'clear'])
      @OnCacheEvent(Other, 'put')
      listed({ type, cache }: CacheEvent): void {
        this.seen.push(`some ${type} of ${cache}`);
      }

      @OnCacheEvent(undefined, 'clear')
      everywhere({ cache }: CacheEvent): void {
        this.seen.push(`clear of ${cache}`);
      }

      @OnCacheEvent(Engine)
      engine({ type }: CacheEvent<string, string>): void {
        this.seen.push(`engine ${type}`);
      }
    }
    const app = await appOf({ providers: [Listener] }, { caches: [Words, Other, Engine] });
    const registry = app.get(CacheRegistry);
    const { seen } = app.get(Listener);
    const words = registry.get(Words);
    await words.put('a', 'x');
    expect(seen.splice(0)).toEqual(['some put of words']);
    await words.put('b', 'x');
    expect(seen.splice(0).sort()).toEqual(['one evict a', 'some put of words']);
    await registry.get(Other).put('a', 'x');
    expect(seen.splice(0)).toEqual(['some put of other']);
    registry.get(Engine).put('a', 'x');
    expect(seen.splice(0)).toEqual(['engine put']);
    await words.clear();
    expect(seen.splice(0).sort()).toEqual(['clear of words', 'some clear of words']);
    await app.close();
    expect(seen).toEqual([]);
  });

  it('is inherited, and not called for a method that is overridden', async () => {
    class Base {
      readonly seen: string[] = [];
      @OnCacheEvent(Words, 'put')
      kept(): void {
        this.seen.push('kept');
      }
      @OnCacheEvent(Words, 'put')
      overridden(): void {
        this.seen.push('base');
      }
    }
    @Injectable()
    class Listener extends Base {
      override overridden(): void {
        this.seen.push('derived');
      }
    }
    const app = await appOf({ providers: [Listener] }, { caches: [Words] });
    await app.get(CacheRegistry).get(Words).put('a', 'x');
    expect(app.get(Listener).seen).toEqual(['kept']);
  });

  it('harms nobody when it throws or rejects, and is logged once', async () => {
    @Injectable()
    class Listener {
      calls = 0;
      @OnCacheEvent(Words, 'put')
      throwing(): void {
        this.calls++;
        throw new Error('thrown');
      }
      @OnCacheEvent(Words, 'put')
      async rejecting(): Promise<void> {
        this.calls++;
        throw new Error('rejected');
      }
    }
    const logged = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    try {
      const app = await appOf({ providers: [Listener] }, { caches: [Words] });
      const words = app.get(CacheRegistry).get(Words);
      await words.put('a', 'x');
      await words.put('b', 'x');
      await new Promise((resolve) => setImmediate(resolve));
      expect(app.get(Listener).calls).toBe(4);
      const messages = logged.mock.calls
        .map(([message]) => String(message))
        .filter((text) => text.includes('Listener'));
      expect(messages).toHaveLength(2);
      expect(messages.join()).toMatch(/Listener\.throwing.*thrown/s);
      expect(messages.join()).toMatch(/Listener\.rejecting.*rejected/s);
    } finally {
      logged.mockRestore();
    }
  });

  it('fails the bootstrap for a cache that nothing defines, and for a provider that is no singleton', async () => {
    @Injectable()
    class Unknown {
      @OnCacheEvent('nowhere')
      handle(): void {}
    }
    const starting = appOf({ providers: [Unknown] });
    await expect(starting).rejects.toThrow(CacheUnknownError);
    await expect(starting).rejects.toThrow('@OnCacheEvent of Unknown.handle asks for cache "nowhere"');

    @Injectable({ scope: Scope.REQUEST })
    class PerRequest {
      @OnCacheEvent()
      handle(): void {}
    }
    const refused = appOf({ providers: [PerRequest] });
    await expect(refused).rejects.toThrow(CacheMisuseError);
    await expect(refused).rejects.toThrow('@OnCacheEvent of PerRequest.handle needs an instance for the whole app');
  });
});

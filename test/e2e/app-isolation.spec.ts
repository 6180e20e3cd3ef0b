import { describe, expect, it, jest } from '@jest/globals';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { lastValueFrom, of, type Observable } from 'rxjs';
import {
  Cacheable,
  CacheModule,
  CacheRegistry,
  defineCache,
  InjectCache,
  isCacheError,
  type Cache,
} from '../../lib/index.js';
import { FakeClock } from '../../lib/testing/index.js';

const Words = defineCache<string, string>('words');

/** A class of its own for each test: a class is warned about once in the life of the process. */
function countingClass() {
  @Injectable()
  class Service {
    calls = 0;

    @Cacheable(Words, { key: (id: string) => id })
    async find(id: string): Promise<string> {
      return `${id} ${++this.calls}`;
    }

    @Cacheable()
    observe(id: string): Observable<string> {
      return of(`${id} ${++this.calls}`);
    }
  }
  return Service;
}

/** The warnings that the work logs. */
async function warningsOf(work: () => Promise<void>): Promise<string[]> {
  const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
  try {
    await work();
    return warn.mock.calls.map(([message]) => String(message));
  } finally {
    warn.mockRestore();
  }
}

describe('two apps in one process', () => {
  it('share no entries, no statistics and no shutdown', async () => {
    const Service = countingClass();
    const start = async () => {
      const imports = [CacheModule.forRoot({ caches: [Words] })];
      return (await Test.createTestingModule({ imports, providers: [Service] }).compile()).init();
    };
    const [first, second] = [await start(), await start()];
    await first.get(Service).find('a');
    expect(await second.get(Service).find('a')).toBe('a 1');
    expect(await first.get(Service).find('a')).toBe('a 1');
    expect(second.get(CacheRegistry).stats()['words']).toMatchObject({ hits: 0, misses: 1 });
    await first.close();
    expect(await first.get(Service).find('a')).toBe('a 2');
    expect(await second.get(Service).find('a')).toBe('a 1');
    await second.close();
  });
});

describe('a decorated class outside of an app with CacheModule', () => {
  it('runs uncached with one warning when it is made by new', async () => {
    const Service = countingClass();
    const warnings = await warningsOf(async () => {
      const service = new Service();
      expect([await service.find('a'), await service.find('a')]).toEqual(['a 1', 'a 2']);
      expect(await lastValueFrom(service.observe('a'))).toBe('a 3');
      expect(await new Service().find('a')).toBe('a 1');
    });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^Service: its decorated methods run uncached.*CacheModule\.forRoot\(\)/);
  });

  it('runs uncached with one warning in an app without CacheModule', async () => {
    const Service = countingClass();
    const warnings = await warningsOf(async () => {
      const app = await Test.createTestingModule({ providers: [Service] }).compile();
      const service = app.get(Service);
      expect([await service.find('a'), await service.find('a')]).toEqual(['a 1', 'a 2']);
      await app.close();
    });
    expect(warnings).toHaveLength(1);
  });

  it('runs uncached when useMocker supplies a mock that answers to every name', async () => {
    const Service = countingClass();
    const everything: object = new Proxy(
      {},
      { get: (_, name) => (name === 'then' ? undefined : () => everything), has: () => true },
    );
    const warnings = await warningsOf(async () => {
      const app = await Test.createTestingModule({ providers: [Service] })
        .useMocker(() => everything)
        .compile();
      const service = app.get(Service);
      expect([await service.find('a'), await service.find('a')]).toEqual(['a 1', 'a 2']);
      await app.close();
    });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch('what was injected for the cache runtime is a mock');
  });

  it('runs uncached when a method is called without its instance', async () => {
    class Service {
      @Cacheable()
      async find(this: void): Promise<string> {
        return 'found';
      }
    }
    const { find } = new Service();
    const warnings = await warningsOf(async () => {
      expect(await find()).toBe('found');
    });
    expect(warnings).toHaveLength(1);
  });
});

describe('promise Life: shutdown', () => {
  it('closes the caches after all that use them, and leaves no timer', async () => {
    const clock = new FakeClock();
    const Service = countingClass();
    @Injectable()
    class Consumer implements OnModuleDestroy {
      saw: string | undefined;
      constructor(@InjectCache(Words) private readonly words: Cache<string, string>) {}
      async onModuleDestroy(): Promise<void> {
        this.saw = await this.words.get('a');
      }
    }
    const app = await Test.createTestingModule({
      imports: [CacheModule.forRoot({ caches: [Words], clock })],
      providers: [Service, Consumer],
    }).compile();
    await app.init();
    await app.get(Service).find('a');
    expect(clock.pendingTimers).toBeGreaterThan(0);
    const consumer = app.get(Consumer);
    const words = app.get(CacheRegistry).get(Words);
    await app.close();
    expect(consumer.saw).toBe('a 1');
    expect(clock.pendingTimers).toBe(0);
    const refused = await words.get('a').catch((error: unknown) => error);
    expect(isCacheError(refused, 'CACHE_CLOSED')).toBe(true);
  });
});

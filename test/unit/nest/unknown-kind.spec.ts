import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { defer, firstValueFrom, of, type Observable } from 'rxjs';
import {
  Cacheable,
  CacheEvict,
  CacheMisuseError,
  CachePut,
  CacheReentrancyError,
  CacheRegistry,
  currentLoad,
  defineCache,
  memoryTier,
} from '../../../lib/index.js';
import { EventRecorder, InProcessTier } from '../../../lib/testing/index.js';
import { deferred, settled } from '../cache/deferred.js';
import { appOf } from './app-of.js';

const Words = defineCache<string, string>('words');
const Tiered = defineCache<string, string>('tiered', { tiers: [memoryTier(), new InProcessTier()] });

/** What a compiler writes for a type that it cannot name: nothing tells the kind. */
type Unnamed<T> = T extends never ? never : Promise<T>;

@Injectable()
class Service {
  calls = 0;
  readonly inLoad: boolean[] = [];
  answer = deferred<string>();

  @Cacheable(Words, { key: (id: string) => id })
  promised(_id: string): Unnamed<string> {
    this.calls++;
    this.inLoad.push(currentLoad() !== undefined);
    currentLoad()?.groups('said at once');
    return this.later() as Unnamed<string>;
  }

  @Cacheable(Words, { key: (id: string) => id })
  again(id: string): Unnamed<string> {
    return Promise.resolve().then(() => this.again(id)) as Unnamed<string>;
  }

  @Cacheable(Words, { key: (id: string) => id })
  sometimes(_id: string): Unnamed<string> {
    this.calls++;
    if (this.calls === 1) throw new Error('not a promise yet');
    return Promise.resolve('a') as Unnamed<string>;
  }

  @Cacheable(Words, { key: (id: string) => id })
  synchronous(id: string): Unnamed<string> {
    this.calls++;
    currentLoad()?.groups('said at once');
    return id as unknown as Unnamed<string>;
  }

  @Cacheable(Words, { key: (id: string) => id })
  observed(id: string): Observable<string> | Promise<string> {
    currentLoad()?.groups('said at once');
    return defer(() => {
      this.calls++;
      this.inLoad.push(currentLoad() !== undefined);
      currentLoad()?.groups('said by the source');
      return of(id);
    });
  }

  @CacheEvict(Words, { key: () => 'before', before: true })
  @CachePut(Words, { key: (id: string) => `${id} put` })
  put(id: string): Unnamed<string> {
    this.calls++;
    return Promise.resolve(id) as Unnamed<string>;
  }

  @CacheEvict(Words, { key: () => 'before', before: true })
  @Cacheable(Words, { key: (id: string) => id, unless: (word: string) => word === 'bad' })
  whole(id: string): Unnamed<string> {
    this.calls++;
    return Promise.resolve(id) as Unnamed<string>;
  }

  @Cacheable(Tiered, { key: (id: string) => id })
  tiered(_id: string): Unnamed<string> {
    this.calls++;
    this.inLoad.push(currentLoad() !== undefined);
    return this.later() as Unnamed<string>;
  }

  private async later(): Promise<string> {
    const value = await this.answer.promise;
    this.inLoad.push(currentLoad() !== undefined);
    currentLoad()?.groups('said later');
    return value;
  }
}

async function start() {
  const app = await appOf({ providers: [Service] }, { caches: [Words] });
  const words = app.get(CacheRegistry).get(Words);
  return { service: app.get(Service), words };
}

describe('promise Load: the first call of a method whose kind nothing tells', () => {
  it('runs in a load that concurrent callers join', async () => {
    const { service, words } = await start();
    const recorder = new EventRecorder(words.events$);
    const callers = [1, 2, 3].map(() => service.promised('a'));
    service.answer.resolve('A');
    expect(await Promise.all(callers)).toEqual(['A', 'A', 'A']);
    expect(service.calls).toBe(1);
    expect(words.stats()).toMatchObject({ gets: 1, misses: 1, loads: 1, joins: 2, hits: 0 });
    expect(recorder.events.map(({ type }) => type)).toEqual(['miss', 'load', 'put']);
    expect(await service.promised('a')).toBe('A');
    expect(service.calls).toBe(1);
  });

  it('has its load at hand, before and after it waits, and keeps the groups that it says', async () => {
    const { service, words } = await start();
    const first = service.promised('a');
    service.answer.resolve('A');
    await first;
    expect(currentLoad()).toBeUndefined();
    expect(service.inLoad).toEqual([true, true]);
    expect((await words.entry('a'))?.groups).toEqual(['said at once', 'said later']);
  });

  it('rejects everybody with the same error, and the next caller starts anew', async () => {
    const { service, words } = await start();
    const callers = [service.promised('a'), service.promised('a')];
    service.answer.reject(new Error('down'));
    for (const caller of callers) await expect(caller).rejects.toThrow('down');
    expect(words.stats()).toMatchObject({ loads: 1, loadErrors: 1, joins: 1 });
    service.answer = deferred();
    const next = service.promised('a');
    service.answer.resolve('A');
    expect(await next).toBe('A');
  });

  it('stores nothing that was invalidated while it ran', async () => {
    const { service, words } = await start();
    const first = service.promised('a');
    await words.invalidate('a');
    service.answer.resolve('old');
    expect(await first).toBe('old');
    expect(await words.get('a')).toBeUndefined();
  });

  it('is refused when it waits for itself', async () => {
    const { service } = await start();
    await expect(service.again('a')).rejects.toThrow(CacheReentrancyError);
  });

  it('joins the load that runs for its key, and runs once', async () => {
    const { service, words } = await start();
    const other = deferred<string>();
    const running = words.getOrLoad('a', () => other.promise);
    const first = service.promised('a');
    service.answer.reject(new Error('of nobody'));
    other.resolve('of the other');
    expect(await Promise.all([running, first])).toEqual(['of the other', 'of the other']);
    expect(service.calls).toBe(1);
  });

  it('gets the value that is there, and runs once', async () => {
    const { service, words } = await start();
    await words.put('a', 'there');
    const first = service.promised('a');
    service.answer.reject(new Error('of nobody'));
    expect(await first).toBe('there');
    expect(service.calls).toBe(1);
  });

  it('learns nothing from a method that throws, and leaves nothing behind', async () => {
    const { service, words } = await start();
    expect(() => service.sometimes('a')).toThrow('not a promise yet');
    expect(words.stats()).toMatchObject({ gets: 0, loads: 0 });
    expect(await service.sometimes('a')).toBe('a');
    expect(await service.sometimes('a')).toBe('a');
    expect(service.calls).toBe(2);
  });

  it('runs behind what is evicted before it, and is asked whether its result is to be stored', async () => {
    const { service, words } = await start();
    await words.put('before', 'there');
    expect(await service.whole('bad')).toBe('bad');
    expect(await words.has('before')).toBe(false);
    expect(await words.has('bad')).toBe(false);
    expect(await service.whole('good')).toBe('good');
    expect(await words.get('good')).toBe('good');
    expect(await service.put('a')).toBe('a');
    expect(await words.get('a put')).toBe('a');
    expect(service.calls).toBe(3);
  });

  it('stores nothing where a shared tier could not be asked for its fence, and the next call does', async () => {
    const app = await appOf(
      { providers: [Service] },
      { tiers: [new InProcessTier({ name: 'shared' })], caches: [Words] },
    );
    const service = app.get(Service);
    const tiered = app.get(CacheRegistry).get(Tiered);
    const callers = [service.tiered('a'), service.tiered('a')];
    service.answer.resolve('A');
    expect(await Promise.all(callers)).toEqual(['A', 'A']);
    expect(service.calls).toBe(1);
    expect(service.inLoad).toEqual([true, true]);
    expect(await tiered.get('a')).toBeUndefined();
    await service.tiered('a');
    expect(await tiered.get('a')).toBe('A');
  });
});

describe('the first call of a method whose kind nothing tells and that returns an Observable', () => {
  it('is a load from its subscription on, shared and counted as any', async () => {
    const { service, words } = await start();
    const observed = service.observed('a') as Observable<string>;
    expect(words.stats()).toMatchObject({ gets: 0, loads: 0 });
    expect(service.calls).toBe(0);
    expect(await Promise.all([firstValueFrom(observed), firstValueFrom(observed)])).toEqual(['a', 'a']);
    await settled();
    expect(service.calls).toBe(1);
    expect(service.inLoad).toEqual([true]);
    expect((await words.entry('a'))?.groups).toEqual(['said at once', 'said by the source']);
    expect(words.stats()).toMatchObject({ misses: 1, loads: 1, loadErrors: 0 });
  });

  it('stores nothing when it is subscribed to later: what it stands for may be older than an invalidation', async () => {
    const { service, words } = await start();
    const observed = service.observed('a') as Observable<string>;
    await words.invalidate('a');
    expect(await firstValueFrom(observed)).toBe('a');
    await settled();
    expect(await words.has('a')).toBe(false);
    await firstValueFrom(service.observed('a') as Observable<string>);
    await settled();
    expect(await words.has('a')).toBe(true);
  });
});

describe('the first call of a method whose kind nothing tells and that is synchronous', () => {
  it('passes its result through once, leaves nothing behind, and the next call is refused', async () => {
    const { service, words } = await start();
    expect(service.synchronous('a')).toBe('a');
    expect(currentLoad()).toBeUndefined();
    expect(words.stats()).toMatchObject({ gets: 0, loads: 0, size: 0 });
    expect(() => service.synchronous('a')).toThrow(CacheMisuseError);
    expect(() => service.synchronous('a')).toThrow('Service.synchronous is synchronous');
    expect(service.calls).toBe(1);
  });
});

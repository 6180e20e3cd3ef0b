import { describe, expect, it } from '@jest/globals';
import { createCache, defineCache, type CacheOptions } from '../../../lib/cache/index.js';
import { FakeClock } from '../../../lib/testing/index.js';

type Value = number | null | undefined;

function setUp(options: CacheOptions<string, Value>, answers: readonly (Value | Error)[]) {
  const clock = new FakeClock();
  const source = { loads: 0 };
  const loader = async (): Promise<Value> => {
    const answer = answers[Math.min(source.loads++, answers.length - 1)];
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const cache = createCache(defineCache<string, Value>('values', { ttl: '1h', loader, ...options }), { clock });
  return { clock, cache, source };
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of source) values.push(value);
  return values;
}

describe('negativeTtl', () => {
  it.each([null, undefined])('remembers %p for its own time', async (nothing) => {
    const { cache, clock, source } = setUp({ negativeTtl: '10s' }, [nothing, 5]);
    expect(await cache.getOrLoad('a')).toBe(nothing);
    clock.advance(9_999);
    expect(await cache.getOrLoad('a')).toBe(nothing);
    expect(await cache.getOrLoadAll(['a'])).toEqual(nothing === null ? new Map([['a', null]]) : new Map());
    expect(source.loads).toBe(1);
    clock.advance(1);
    expect(await cache.getOrLoad('a')).toBe(5);
  });

  it('of a call wins', async () => {
    const { cache, clock, source } = setUp({ negativeTtl: '10s' }, [null]);
    await cache.getOrLoad('a', undefined, { negativeTtl: '1s' });
    clock.advance(1_000);
    await cache.getOrLoad('a');
    expect(source.loads).toBe(2);
  });

  it('what is known to be absent is a hit without a value, and is in no list', async () => {
    const { cache } = setUp({ negativeTtl: '10s' }, [undefined]);
    await cache.getOrLoad('a');
    expect(await cache.get('a')).toBeUndefined();
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 1 });
    expect(await cache.has('a')).toBe(false);
    expect(await cache.entry('a')).toBeUndefined();
    expect(await all(cache.keys())).toEqual([]);
    expect(await cache.putIfAbsent('a', 1)).toBeUndefined();
    expect(await cache.get('a')).toBe(1);
  });

  it('does not shorten what a caller puts', async () => {
    const { cache, clock } = setUp({ negativeTtl: '10s' }, [1]);
    await cache.put('a', null);
    clock.advance(60_000);
    expect(await cache.get('a')).toBeNull();
  });

  it('an invalidation forgets it', async () => {
    const { cache, source } = setUp({ negativeTtl: '10s' }, [undefined]);
    await cache.getOrLoad('a');
    await cache.invalidate('a');
    await cache.getOrLoad('a');
    expect(source.loads).toBe(2);
  });
});

describe('errorTtl', () => {
  it('throws the same error again without a load, for its time, and only where it is asked for', async () => {
    const failure = new Error('down');
    const { cache, clock, source } = setUp({ errorTtl: '5s' }, [failure, 1]);
    for (let call = 0; call < 3; call++) await expect(cache.getOrLoad('a')).rejects.toBe(failure);
    expect(source.loads).toBe(1);
    expect(await cache.get('a')).toBeUndefined();
    expect(await cache.has('a')).toBe(false);
    clock.advance(5_000);
    expect(await cache.getOrLoad('a')).toBe(1);

    const { cache: plain, source: plainSource } = setUp({}, [failure]);
    for (let call = 0; call < 2; call++) await expect(plain.getOrLoad('a')).rejects.toBe(failure);
    expect(plainSource.loads).toBe(2);
  });

  it('never takes the place of a value that is there', async () => {
    const { cache } = setUp({ errorTtl: '5s' }, [1, new Error('down')]);
    await cache.getOrLoad('a');
    await expect(cache.refresh('a')).rejects.toThrow('down');
    expect(await cache.get('a')).toBe(1);
  });

  it('of a load that was outdated is not remembered', async () => {
    const { cache, source } = setUp({ errorTtl: '5s' }, [new Error('down'), 1]);
    const waiting = cache.getOrLoad('a');
    await cache.invalidate('a');
    await expect(waiting).rejects.toThrow('down');
    expect(await cache.getOrLoad('a')).toBe(1);
    expect(source.loads).toBe(2);
  });
});

import process from 'node:process';
import { describe, expect, it, jest } from '@jest/globals';
import { map, pairwise, take } from 'rxjs';
import { bufferedEvents, CacheRegistry, createCache, defineCache } from '../../../lib/cache/index.js';
import { FakeClock } from '../../../lib/testing/index.js';

function setUp() {
  const clock = new FakeClock();
  return { clock, cache: createCache(defineCache<string, number>('numbers'), { clock }) };
}

describe('stats$()', () => {
  it('tells the numbers at once and after each interval, so that minus() gives rates', async () => {
    const { cache, clock } = setUp();
    const rates: number[] = [];
    cache
      .stats$('2s')
      .pipe(
        pairwise(),
        map(([earlier, later]) => later.minus(earlier)),
      )
      .subscribe(({ gets, spanMs }) => rates.push((gets * 1_000) / spanMs));
    for (let i = 0; i < 6; i++) await cache.get('a');
    clock.advance(2_000);
    await cache.get('a');
    clock.advance(2_000);
    expect(rates).toEqual([3, 0.5]);
  });

  it('stops when nobody listens any more, and completes with the cache', async () => {
    const { cache, clock } = setUp();
    let taken = 0;
    cache
      .stats$()
      .pipe(take(2))
      .subscribe(() => taken++);
    clock.advance(60_000);
    expect(taken).toBe(2);
    const seen: string[] = [];
    const listen = (): void => void cache.stats$(1_000).subscribe({ complete: () => seen.push('complete') });
    listen();
    await cache.close();
    listen();
    expect(seen).toEqual(['complete', 'complete']);
  });

  it('survives a subscriber that throws, at the end of operators too, and one who takes a snapshot and leaves', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const { cache, clock } = setUp();
    const broken = (): never => {
      throw new Error('subscriber');
    };
    cache.stats$('1s').subscribe(broken);
    cache.stats$('1s').pipe(pairwise()).subscribe(broken);
    cache.events$.pipe(bufferedEvents({ clock, every: '1s' })).subscribe(broken);
    let taken = 0;
    cache
      .stats$('1s')
      .pipe(take(1))
      .subscribe(() => taken++);
    await cache.put('a', 1);
    clock.advance(5_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(taken).toBe(1);
    expect(warn).toHaveBeenCalledTimes(3);
    warn.mockRestore();
  });

  it.each([0, -1, Infinity, 'soon'])('refuses %p as an interval', (interval) => {
    const { cache } = setUp();
    expect(() => cache.stats$(interval as number)).toThrow(/stats\$\(\) of cache "numbers".*interval/s);
  });

  it('of the registry tells those of every cache, also of one that is switched off', async () => {
    const clock = new FakeClock();
    const registry = new CacheRegistry({ clock });
    registry.define(defineCache('on'));
    registry.define(defineCache('off', { enabled: false }));
    const names: string[][] = [];
    let completed = false;
    registry.stats$(500).subscribe({
      next: (stats) => names.push(Object.keys(stats)),
      complete: () => (completed = true),
    });
    registry.define(defineCache('later'));
    clock.advance(500);
    expect(names).toEqual([
      ['on', 'off'],
      ['on', 'off', 'later'],
    ]);
    await registry.close();
    expect(completed).toBe(true);
  });
});

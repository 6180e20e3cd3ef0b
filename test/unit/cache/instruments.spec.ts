import { describe, expect, it } from '@jest/globals';
import { CacheRegistry, defineCache, type Instrument, type MeasuredStep } from '../../../lib/cache/index.js';
import { FakeClock, InProcessTier } from '../../../lib/testing/index.js';
import { settled } from './deferred.js';

const Numbers = defineCache<string, number>('numbers', { loader: async (key) => key.length });

function setUp(clock = new FakeClock()) {
  const tier = new InProcessTier({ name: 'shared', clock });
  const registry = new CacheRegistry({ clock, tiers: [tier] });
  registry.define(Numbers);
  return { clock, registry, cache: registry.get(Numbers) };
}

describe('CacheRegistry.instrument()', () => {
  it('tells of each step that is measured, also in caches that are defined later', async () => {
    const { registry } = setUp();
    const steps: MeasuredStep[] = [];
    const stop = registry.instrument({ measured: (step) => void steps.push(step) });
    registry.define(defineCache('later'));
    const later = registry.get<string, number>('later');
    await later.getOrLoad('a', async () => 1);
    await later.getOrLoad('a', async () => 1);
    await settled();
    expect(steps.map(({ cache, kind, tier }) => `${cache} ${kind} ${tier}`).sort()).toEqual([
      'later hit undefined',
      'later load undefined',
      'later miss undefined',
      'later read shared',
      'later write shared',
    ]);
    stop();
    await later.getOrLoad('b', async () => 1);
    expect(steps).toHaveLength(5);
  });

  it('runs loaders within the instruments, the first that was added outermost', async () => {
    const { registry, cache } = setUp();
    const order: string[] = [];
    const around = (name: string): Instrument => ({
      aroundLoad: ({ keys, cause }, proceed) => {
        order.push(`${name} ${cause} ${String(keys[0])}`);
        const result = proceed();
        order.push(`${name} began`);
        return result;
      },
    });
    registry.instrument(around('outer'));
    registry.instrument({});
    registry.instrument(around('inner'));
    expect(await cache.getOrLoad('abc')).toBe(3);
    await settled();
    await cache.refresh('abc');
    expect(order).toEqual([
      'outer load abc',
      'inner load abc',
      'inner began',
      'outer began',
      'outer refresh abc',
      'inner refresh abc',
      'inner began',
      'outer began',
    ]);
  });

  it('is not harmed by instruments that throw, call twice, or return something else', async () => {
    const { registry, cache } = setUp();
    const broken = (): never => {
      throw new Error('instrument');
    };
    registry.instrument({ measured: broken, aroundLoad: broken });
    registry.instrument({ aroundLoad: (_, proceed) => (proceed(), proceed(), broken()) });
    registry.instrument({ aroundLoad: (_, proceed) => (proceed(), undefined as never) });
    let calls = 0;
    expect(await cache.getOrLoad('abc', async () => ++calls)).toBe(1);
    expect(await cache.getOrLoad('abc', async () => ++calls)).toBe(1);
    await expect(
      cache.getOrLoad('fails', () => {
        calls++;
        throw new Error('loader');
      }),
    ).rejects.toThrow('loader');
    expect(calls).toBe(2);
  });

  it('tells why a load failed', async () => {
    const { registry, cache } = setUp();
    const errors: unknown[] = [];
    registry.instrument({ measured: (step) => 'error' in step && errors.push(step.error) });
    const failure = new Error('down');
    await cache.getOrLoad('a', () => Promise.reject(failure)).catch(() => {});
    expect(errors).toEqual([failure]);
  });
});

/* The engine as a user without Nest has it: every name of `nestjs-strata/engine`, and no other package. */
import {
  CacheClosedError,
  CacheError,
  CacheMisuseError,
  CacheOptionsError,
  CacheReentrancyError,
  isCacheError,
  MemoryCache,
  type CacheErrorCode,
  type CacheEvent,
  type CacheEventCause,
  type CacheEventType,
  type Cancel,
  type Clock,
  type Duration,
  type EvictionPolicy,
  type KeyPattern,
  type MemoryCacheOptions,
  type MemoryCacheStats,
  type MemoryEntryOptions,
  type Observer,
  type OptionProblem,
  type PolicyFactory,
  type PolicyHost,
  type PolicyName,
  type Random,
  type StoredEntry,
  type Subscribable,
  type Unsubscribable,
  type Weigher,
} from 'nestjs-strata/engine';

/** A policy of one's own: first in, first out. */
const firstInFirstOut: PolicyFactory = (_host: PolicyHost): EvictionPolicy => {
  const queue = new Set<number>();
  return {
    onInsert: (slot) => void queue.add(slot),
    onAccess: () => {},
    onUpdate: () => {},
    onRemove: (slot) => void queue.delete(slot),
    onEvict: (slot) => void queue.delete(slot),
    nextVictim: () => queue.values().next().value ?? -1,
    slots: () => queue,
    grow: () => {},
    resize: () => {},
    clear: () => queue.clear(),
  };
};

/** A clock that one sets. */
class HandClock implements Clock {
  atMs = 0;

  now(): number {
    return this.atMs;
  }

  coarse(): number {
    return this.atMs;
  }

  epochMs(): number {
    return this.atMs;
  }

  after(_delayMs: number, _task: () => void): Cancel {
    return () => {};
  }
}

export function useEngine(): Record<string, unknown> {
  const clock = new HandClock();
  const random: Random = () => 0;
  const ttl: Duration = '1s';
  const weigher: Weigher<string, string> = (value) => value.length;
  const policy: PolicyName = 'lfu';
  const options: MemoryCacheOptions<string, string> = { policy, ttl, clock, random, maxWeight: 10, weigher };
  const cache = new MemoryCache<string, string>(options);

  const types: CacheEventType[] = [];
  const causes: CacheEventCause[] = [];
  const observer: Observer<CacheEvent<string, string>> = {
    next: ({ type, cause }) => {
      types.push(type);
      if (cause !== undefined) causes.push(cause);
    },
  };
  const source: Subscribable<CacheEvent<string, string>> = cache.events$;
  const subscription: Unsubscribable = source.subscribe(observer);

  const write: MemoryEntryOptions = { groups: ['g'] };
  cache.put('a', '12345678', write);
  cache.get('a');
  cache.put('b', '123');
  const pattern: KeyPattern<string> = 'b*';
  const matched = cache.invalidateMatching(pattern);
  const computed = cache.getOrCompute('c', (key) => key.repeat(2));
  const entry: StoredEntry<string> | undefined = cache.entry('c');
  clock.atMs = 1_000;
  const expired = cache.get('c');
  const stats: MemoryCacheStats = cache.stats();
  subscription.unsubscribe();
  cache.dispose();

  const queue = new MemoryCache<string, number>({ policy: firstInFirstOut, maxSize: 2 });
  queue.putAll([
    ['a', 1],
    ['b', 2],
  ]);
  queue.get('a');
  queue.put('c', 3);
  const kept = [...queue.keys()];
  queue.dispose();

  return {
    engine: { types, causes, matched, computed, weight: entry?.weight, expired, hits: stats.hits, kept },
    engineCodes: codes(),
  };
}

export const EXPECTED_OF_ENGINE = {
  engine: {
    types: ['put', 'hit', 'evict', 'put', 'invalidate', 'miss', 'load', 'put', 'expire', 'miss'],
    causes: ['put', 'weight', 'put', 'pattern', 'load'],
    matched: 1,
    computed: 'cc',
    weight: 2,
    expired: undefined,
    hits: 1,
    kept: ['b', 'c'],
  },
  engineCodes: ['CACHE_OPTIONS', 'CACHE_MISUSE', 'CACHE_REENTRANCY', 'CACHE_CLOSED'],
};

function codes(): CacheErrorCode[] {
  const problem: OptionProblem = { option: 'ttl', rule: 'must be a duration', received: -1 };
  const errors: CacheError[] = [
    new CacheOptionsError('MemoryCache', [problem]),
    new CacheMisuseError('misuse'),
    new CacheReentrancyError('memory', 'a'),
    new CacheClosedError('memory'),
  ];
  return errors.flatMap((error) => (isCacheError(error, error.code) ? [error.code] : []));
}

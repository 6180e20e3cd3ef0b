import { describe, expect, it } from '@jest/globals';
import { isCacheError } from '../../../lib/core/index.js';
import { GuardedTier, type Attempt, type BreakerState } from '../../../lib/resilience/index.js';
import { FakeClock } from '../../../lib/testing/index.js';
import type { CallPolicy, Tier, TierGuard } from '../../../lib/tiers/index.js';
import { deferred, settled } from '../cache/deferred.js';

const bytes = Uint8Array.of(1);

/** A tier that answers every question well, but for what is given. */
function tierOf(given: Partial<Tier> = {}, guard: Partial<TierGuard> = {}): Tier {
  return {
    name: 'shared',
    capabilities: { scope: 'shared', atomicFences: true, listsKeys: true, leases: true, maxEntryBytes: 1_000 },
    guard: {
      timeoutMs: 100,
      maxTtlMs: Infinity,
      breaker: { failureRate: 0.5, minCalls: 2, windowMs: 10_000, openMs: 1_000 },
      policy: undefined,
      ...guard,
    },
    start: () => {},
    read: async (_, keys, generations) => ({
      entries: keys.map(() => ({ bytes, ttlLeftMs: 5 })),
      generations: generations.map(() => undefined),
    }),
    fence: async (_, keys, generations) => ({ fences: keys.map(() => 'f'), generations: generations.map(() => 'g') }),
    write: async (_, writes) => writes.map(() => true),
    remove: async () => {},
    renew: async () => {},
    keys: async function* () {
      yield ['a', 'b'];
      yield ['c'];
    },
    lease: async () => true,
    release: async () => {},
    close: async () => {},
    ...given,
  };
}

function guarded(given: Partial<Tier> = {}, guard: Partial<TierGuard> = {}): { guard: GuardedTier; clock: FakeClock } {
  const clock = new FakeClock();
  return { guard: new GuardedTier(tierOf(given, guard), { clock }), clock };
}

/** Every operation that is one call, by name. */
const OPERATIONS: Readonly<Record<string, (guard: GuardedTier) => Promise<Attempt<unknown>>>> = {
  read: (guard) => guard.read('s', ['k'], ['']),
  fence: (guard) => guard.fence('s', ['k'], [''], 1_000),
  write: (guard) => guard.write('s', [{ key: 'k', bytes, ttlMs: 5, fence: undefined }]),
  remove: (guard) => guard.remove('s', ['k']),
  renew: (guard) => guard.renew('s', ['']),
  lease: (guard) => guard.lease('s', 'k', 'me', 1_000),
  release: (guard) => guard.release('s', 'k', 'me'),
};
const NAMES = Object.keys(OPERATIONS) as (keyof Tier)[];
const attempt = (name: keyof Tier, guard: GuardedTier): Promise<Attempt<unknown>> =>
  (OPERATIONS[name] as (guard: GuardedTier) => Promise<Attempt<unknown>>)(guard);

describe('promise Tiers: a guarded tier', () => {
  it('hands on what the tier answers', async () => {
    const { guard } = guarded();
    expect(await OPERATIONS['read']?.(guard)).toEqual({
      ok: true,
      value: { entries: [{ bytes, ttlLeftMs: 5 }], generations: [undefined] },
    });
    expect(await OPERATIONS['fence']?.(guard)).toEqual({ ok: true, value: { fences: ['f'], generations: ['g'] } });
    expect(await OPERATIONS['write']?.(guard)).toEqual({ ok: true, value: [true] });
    expect(await OPERATIONS['lease']?.(guard)).toEqual({ ok: true, value: true });
    for (const name of ['remove', 'renew', 'release']) {
      expect(await OPERATIONS[name]?.(guard)).toEqual({ ok: true, value: undefined });
    }
    expect([guard.name, guard.state]).toEqual(['shared', 'closed']);
  });

  describe.each(NAMES)('when %s', (name) => {
    it('rejects, or throws at once, is a failed attempt', async () => {
      const error = new Error('down');
      for (const fail of [() => Promise.reject(error), throwing(error)]) {
        const { guard } = guarded({ [name]: fail });
        expect(await attempt(name, guard)).toEqual({ ok: false, error, skipped: false });
      }
    });

    it('hangs, is a failed attempt at its deadline', async () => {
      const { guard, clock } = guarded({ [name]: () => new Promise(() => {}) });
      let ended: Attempt<unknown> | undefined;
      void attempt(name, guard).then((outcome) => (ended = outcome));
      clock.advance(99);
      await settled();
      expect(ended).toBeUndefined();
      clock.advance(1);
      await settled();
      expect(ended).toMatchObject({
        ok: false,
        error: { code: 'CACHE_TIER_TIMEOUT', tier: 'shared', operation: name, timeoutMs: 100 },
        skipped: false,
      });
    });
  });

  describe('when the tier lies', () => {
    const entry = { bytes, ttlLeftMs: 5 };
    it.each<readonly [keyof Tier, unknown]>([
      ['read', undefined],
      ['read', 'OK'],
      ['read', { entries: [entry] }],
      ['read', { entries: [], generations: ['g'] }],
      ['read', { entries: [entry, entry], generations: ['g'] }],
      ['read', { entries: { 0: entry, length: 1 }, generations: ['g'] }],
      ['read', { entries: [null], generations: ['g'] }],
      ['read', { entries: ['bytes'], generations: ['g'] }],
      ['read', { entries: [{ bytes: 'x', ttlLeftMs: 5 }], generations: ['g'] }],
      ['read', { entries: [{ bytes: [1], ttlLeftMs: 5 }], generations: ['g'] }],
      ['read', { entries: [{ bytes, ttlLeftMs: NaN }], generations: ['g'] }],
      ['read', { entries: [{ bytes, ttlLeftMs: -1 }], generations: ['g'] }],
      ['read', { entries: [{ bytes, ttlLeftMs: '5' }], generations: ['g'] }],
      ['read', { entries: [entry], generations: [1] }],
      ['read', { entries: [entry], generations: [] }],
      ['fence', { fences: [undefined], generations: ['g'] }],
      ['fence', { fences: ['f'], generations: [undefined] }],
      ['fence', { fences: ['f'] }],
      ['fence', null],
      ['write', true],
      ['write', []],
      ['write', ['OK']],
      ['lease', 'OK'],
      ['lease', 1],
    ])('%s with %j is a failed attempt', async (name, answer) => {
      const { guard } = guarded({ [name]: async () => answer });
      expect(await attempt(name, guard)).toMatchObject({
        ok: false,
        error: { code: 'CACHE_TIER_REPLY', tier: 'shared', operation: name },
      });
      await attempt(name, guard);
      expect(guard.state).toBe('open');
    });

    it('by an answer that throws when it is looked at, is a failed attempt', async () => {
      const { guard } = guarded({
        read: async () => ({
          entries: [],
          get generations() {
            return throwing(new Error('no'))();
          },
        }),
      });
      expect(await guard.read('s', [], [])).toEqual({ ok: false, error: new Error('no'), skipped: false });
    });
  });
});

function throwing(error: unknown): () => never {
  return () => {
    throw error;
  };
}

describe('promise Tiers: the breaker of a guarded tier', () => {
  it('opens on failures of any kind, and then nothing is tried, nor waited for', async () => {
    let tried = 0;
    const { guard } = guarded({
      read: async () => {
        tried++;
        throw new Error('down');
      },
    });
    for (let i = 0; i < 2; i++) await guard.read('s', [], []);
    expect(guard.state).toBe('open');
    for (const name of NAMES) {
      const outcome = await attempt(name, guard);
      expect(outcome).toMatchObject({
        ok: false,
        skipped: true,
        error: { code: 'CACHE_TIER_UNAVAILABLE', tier: 'shared' },
      });
      expect(isCacheError(!outcome.ok && outcome.error)).toBe(true);
    }
    expect(tried).toBe(2);
  });

  it('lets exactly one of many calls through after its time, and closes with its success', async () => {
    const clock = new FakeClock();
    const calls: ReturnType<typeof deferred<void>>[] = [];
    const guard = new GuardedTier(
      tierOf({
        remove: () => {
          const call = deferred<void>();
          calls.push(call);
          return call.promise;
        },
      }),
      { clock },
    );
    const states: BreakerState[] = [];
    guard.onBreaker((state) => states.push(state));
    const failing = [guard.remove('s', []), guard.remove('s', [])];
    for (const call of calls.splice(0)) call.reject(new Error('down'));
    await Promise.all(failing);
    clock.advance(1_000);

    const outcomes = Array.from({ length: 10 }, () => guard.remove('s', []));
    await settled();
    expect(calls.length).toBe(1);
    calls[0]?.resolve();
    expect((await Promise.all(outcomes)).map((outcome) => outcome.ok)).toEqual([true, ...Array(9).fill(false)]);
    expect(states).toEqual(['open', 'half-open', 'closed']);
  });

  // Race: the probe is given up at its deadline, and its answer arrives after that.
  it('stays open when the probe succeeds after its deadline', async () => {
    const { guard, clock } = guarded({ renew: () => Promise.reject(new Error('down')) });
    for (let i = 0; i < 2; i++) await guard.renew('s', []);
    clock.advance(1_000);
    const probe = deferred<boolean>();
    Object.assign(guard.tier, { lease: () => probe.promise });
    const outcome = guard.lease('s', 'k', 'me', 1);
    clock.advance(100);
    expect(await outcome).toMatchObject({ ok: false, skipped: false });
    probe.resolve(true);
    await settled();
    expect(guard.state).toBe('open');
  });

  // Race: a slow call that began before the breaker opened succeeds while it is open.
  it('stays open when a call from before succeeds', async () => {
    const slow = deferred<boolean>();
    const { guard } = guarded({ renew: () => Promise.reject(new Error('down')), lease: () => slow.promise });
    const outcome = guard.lease('s', 'k', 'me', 1);
    for (let i = 0; i < 2; i++) await guard.renew('s', []);
    slow.resolve(true);
    expect(await outcome).toEqual({ ok: true, value: true });
    expect(guard.state).toBe('open');
  });

  it('tells its listeners until they stop, whatever another of them throws', async () => {
    const { guard } = guarded({ remove: () => Promise.reject(new Error('down')) });
    const told: string[] = [];
    guard.onBreaker(throwing(new Error('listener')));
    const stop = guard.onBreaker((state) => told.push(`first ${state}`));
    guard.onBreaker((state) => told.push(`second ${state}`));
    stop();
    for (let i = 0; i < 2; i++) await guard.remove('s', []);
    expect(told).toEqual(['second open']);
  });
});

describe("a user's policy", () => {
  it('runs every call, within the deadline', async () => {
    let executed = 0;
    const policy: CallPolicy = {
      execute: (call) => {
        executed++;
        return call();
      },
    };
    const { guard } = guarded({}, { policy });
    for (const name of NAMES) expect(await attempt(name, guard)).toMatchObject({ ok: true });
    expect(executed).toBe(NAMES.length);

    const hanging = guarded({}, { policy: { execute: () => new Promise<never>(() => {}) } });
    const outcome = hanging.guard.remove('s', []);
    hanging.clock.advance(100);
    expect(await outcome).toMatchObject({ ok: false, error: { code: 'CACHE_TIER_TIMEOUT' } });
  });
});

describe('the keys of a guarded tier', () => {
  async function listed(guard: GuardedTier): Promise<string[]> {
    const keys: string[] = [];
    for await (const batch of guard.keys('s', 'a*')) keys.push(...batch);
    return keys;
  }

  it('are those of the tier', async () => {
    expect(await listed(guarded().guard)).toEqual(['a', 'b', 'c']);
  });

  it.each<readonly [string, Tier['keys'], string]>([
    ['throws at once', throwing(new Error('down')), 'down'],
    [
      'rejects',
      async function* () {
        yield ['a'];
        throw new Error('down');
      },
      'down',
    ],
    ['gives no iterator', () => undefined as never, 'undefined'],
    [
      'gives something else than keys',
      async function* () {
        yield [1] as never;
      },
      'answered "keys" with keys of which',
    ],
    [
      'gives something else than a list',
      async function* () {
        yield 'abc' as never;
      },
      'no list of keys',
    ],
  ])('end with an error when the tier %s', async (_, keys, message) => {
    const { guard } = guarded({ keys });
    await expect(listed(guard)).rejects.toThrow(message);
  });

  it('have a deadline for each batch, which leaves the listing', async () => {
    let left = 0;
    const { guard, clock } = guarded({
      keys: () => ({
        [Symbol.asyncIterator]: () => {
          let batches = 0;
          return {
            next: () => (batches++ < 2 ? Promise.resolve({ value: ['a'] }) : new Promise<never>(() => {})),
            return: () => {
              left++;
              return Promise.reject(new Error('late'));
            },
          };
        },
      }),
    });
    const keys = guard.keys('s');
    for (let i = 0; i < 2; i++) {
      expect(await keys.next()).toEqual({ done: false, value: ['a'] });
      clock.advance(99);
    }
    const third = keys.next();
    await settled();
    clock.advance(100);
    await expect(third).rejects.toMatchObject({ code: 'CACHE_TIER_TIMEOUT', operation: 'keys' });
    expect(left).toBe(1);
  });

  it('leave the listing when their reader does', async () => {
    let left = false;
    const { guard } = guarded({
      keys: async function* () {
        try {
          while (true) yield ['a'];
        } finally {
          left = true;
        }
      },
    });
    for await (const [key] of guard.keys('s')) if (key === 'a') break;
    await settled();
    expect(left).toBe(true);
  });
});

describe('closing a guarded tier', () => {
  it('waits no longer than the deadline, and leaves no timer behind', async () => {
    const { guard, clock } = guarded({ close: () => new Promise(() => {}) });
    const closed = guard.close();
    clock.advance(100);
    expect(await closed).toMatchObject({ ok: false, error: { operation: 'close' } });
    expect(clock.pendingTimers).toBe(0);
  });

  it('happens also while the breaker is open', async () => {
    let closed = false;
    const { guard } = guarded({
      remove: () => Promise.reject(new Error('down')),
      close: async () => {
        closed = true;
      },
    });
    for (let i = 0; i < 2; i++) await guard.remove('s', []);
    expect(await guard.close()).toEqual({ ok: true, value: undefined });
    expect(closed).toBe(true);
  });
});

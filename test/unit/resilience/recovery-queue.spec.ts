import { describe, expect, it } from '@jest/globals';
import {
  RecoveryQueue,
  type Attempt,
  type BreakerState,
  type Operation,
  type RecoverySettings,
} from '../../../lib/resilience/index.js';
import { FakeClock } from '../../../lib/testing/index.js';
import { deferred, settled, type Deferred } from '../cache/deferred.js';

const DONE: Attempt<void> = { ok: true, value: undefined };
const FAILED: Attempt<void> = { ok: false, error: new Error('down'), skipped: false };

const remove = (key: string, space = 's'): Operation => ({ kind: 'remove', space, key });
const renew = (generation: string, space = 's'): Operation => ({ kind: 'renew', space, generation });

class Fixture {
  readonly clock = new FakeClock();
  /** What reached the tier, in order. */
  readonly told: string[] = [];
  readonly passes: number[] = [];
  /** What the tier answers. */
  isDown = false;
  /** When given, the next call waits for it. */
  next: Deferred<void> | undefined;
  readonly queue: RecoveryQueue;
  private readonly listeners = new Set<(state: BreakerState) => void>();

  constructor(settings: Partial<RecoverySettings> = {}) {
    const answer = async (what: string): Promise<Attempt<void>> => {
      const { next } = this;
      this.next = undefined;
      await next?.promise;
      if (this.isDown) return FAILED;
      this.told.push(what);
      return DONE;
    };
    this.queue = new RecoveryQueue(
      {
        remove: (space, keys) => answer(`remove ${space} ${keys.join()}`),
        renew: (space, generations) => answer(`renew ${space} ${generations.join()}`),
        onBreaker: (listener) => {
          this.listeners.add(listener);
          return () => void this.listeners.delete(listener);
        },
      },
      { clock: this.clock, random: () => 0.5, onReplayed: (count) => void this.passes.push(count), ...settings },
    );
  }

  put(key: string, value = key, space = 's'): Operation {
    const replay = async (): Promise<boolean> => {
      const { next } = this;
      this.next = undefined;
      await next?.promise;
      if (this.isDown) return false;
      this.told.push(`put ${space} ${key}=${value}`);
      return true;
    };
    return { kind: 'put', space, key, replay };
  }

  add(...operations: readonly Operation[]): this {
    for (const operation of operations) this.queue.add(operation);
    return this;
  }

  breaker(state: BreakerState): void {
    for (const listener of this.listeners) listener(state);
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settled();
  }
}

describe('promise Tiers: what a tier could not take', () => {
  it('is replayed by renewals, then removals, then puts in their order', async () => {
    const fixture = new Fixture();
    fixture.add(fixture.put('b'), remove('x'), fixture.put('a'), renew('g'), remove('y'), renew('h'), remove('z', 't'));
    await fixture.queue.replay();
    expect(fixture.told).toEqual(['renew s g,h', 'remove s x,y', 'remove t z', 'put s b=b', 'put s a=a']);
    expect(fixture.queue.size).toBe(0);
    expect(fixture.passes).toEqual([7]);
  });

  it('is the newest operation of a key, in the place of the newest', async () => {
    const fixture = new Fixture();
    fixture.add(fixture.put('a', '1'), fixture.put('b'), fixture.put('a', '2'), remove('c'), fixture.put('c'));
    fixture.add(fixture.put('d'), remove('d'));
    expect(fixture.queue.size).toBe(4);
    await fixture.queue.replay();
    expect(fixture.told).toEqual(['remove s d', 'put s b=b', 'put s a=2', 'put s c=c']);
  });

  it('is not what a renewal of everything outdates; what comes after it is', async () => {
    const fixture = new Fixture();
    fixture.add(fixture.put('a'), remove('b'), renew('g'), fixture.put('a', 't', 't'), renew(''), fixture.put('c'));
    expect(fixture.queue.size).toBe(3);
    await fixture.queue.replay();
    expect(fixture.told).toEqual(['renew s ', 'put s c=c', 'put t a=t']);
  });

  // Race: a put that could not be told, then an invalidation of its group that could not either. Told after the renewal, the
  // put would get the group's new token and be served.
  it('is not a put that a later renewal of its group outdates, but the removal of what it was to replace', async () => {
    const fixture = new Fixture();
    const put = (key: string, ...groups: readonly string[]): Operation =>
      ({ ...fixture.put(key), groups }) as Operation;
    fixture.add(put('a', 'g', 'h'), put('b', 'h'), put('c'), renew('g'), put('d', 'g'));
    expect(fixture.queue.isPending('s', 'a')).toBe(true);
    await fixture.queue.replay();
    expect(fixture.told).toEqual(['renew s g', 'remove s a', 'put s b=b', 'put s c=c', 'put s d=d']);
  });

  it('goes in calls of at most 500', async () => {
    const fixture = new Fixture();
    for (let i = 0; i < 1_001; i++) fixture.add(remove(`${i}`));
    await fixture.queue.replay();
    expect(fixture.told.map((call) => call.split(',').length)).toEqual([500, 500, 1]);
  });
});

describe('a key with a pending operation', () => {
  it('is known until the operation has reached the tier', async () => {
    const fixture = new Fixture();
    fixture.add(remove('a'), fixture.put('b'), renew('g'));
    const known = (): boolean[] => [fixture.queue.isPending('s', 'a'), fixture.queue.isPending('s', 'b')];
    expect(known()).toEqual([true, true]);
    expect([fixture.queue.isPending('s', 'c'), fixture.queue.isPending('t', 'a')]).toEqual([false, false]);
    fixture.next = deferred();
    const { next } = fixture;
    const replayed = fixture.queue.replay();
    await settled();
    expect(known()).toEqual([true, true]);
    next.resolve();
    await replayed;
    expect(known()).toEqual([false, false]);
  });

  it('is each of a space that is to be renewed as a whole', () => {
    const { queue } = new Fixture().add(renew(''));
    expect([queue.isPending('s', 'any'), queue.isPending('t', 'any')]).toEqual([true, false]);
  });
});

// Race: an older put of another node is repeated behind an invalidation of this one, which that node has not heard of.
describe('promise Fence: a key or a generation of an invalidation that reaches the tier late', () => {
  const doubts = ({ queue }: Fixture): Record<string, boolean> => ({
    removed: queue.isKeyInDoubt('s', 'removed'),
    put: queue.isKeyInDoubt('s', 'put'),
    other: queue.isKeyInDoubt('s', 'other'),
    'removed, elsewhere': queue.isKeyInDoubt('t', 'removed'),
    renewed: queue.isGenerationInDoubt('s', 'renewed'),
    whole: queue.isGenerationInDoubt('s', ''),
    'renewed, elsewhere': queue.isGenerationInDoubt('t', 'renewed'),
  });
  const inDoubt = (fixture: Fixture): string[] =>
    Object.entries(doubts(fixture)).flatMap(([name, isInDoubt]) => (isInDoubt ? [name] : []));

  it('is in doubt until the operation has reached the tier, and for three seconds more; a put is not', async () => {
    const fixture = new Fixture();
    fixture.add(remove('removed'), fixture.put('put'), renew('renewed'));
    expect(inDoubt(fixture)).toEqual(['removed', 'put', 'renewed']);
    await fixture.queue.replay();
    expect(inDoubt(fixture)).toEqual(['removed', 'renewed']);
    expect([fixture.queue.isPending('s', 'removed'), fixture.queue.size]).toEqual([false, 0]);
    await fixture.pass(2_999);
    expect(inDoubt(fixture)).toEqual(['removed', 'renewed']);
    await fixture.pass(1);
    expect(inDoubt(fixture)).toEqual([]);
  });

  it('is each of a space that was renewed as a whole', async () => {
    const fixture = new Fixture().add(renew(''));
    expect(inDoubt(fixture)).toEqual(['removed', 'put', 'other', 'renewed', 'whole']);
    await fixture.queue.replay();
    await fixture.pass(2_000);
    fixture.add(remove('other'));
    await fixture.queue.replay();
    expect(inDoubt(fixture)).toEqual(['removed', 'put', 'other', 'renewed', 'whole']);
    await fixture.pass(1_000);
    expect(inDoubt(fixture)).toEqual(['other']);
    await fixture.pass(2_000);
    expect(inDoubt(fixture)).toEqual([]);
  });
});

describe('a full queue', () => {
  it('makes of the space with the most operations one renewal of everything in it', async () => {
    const fixture = new Fixture({ maxOperations: 5 });
    fixture.add(remove('1', 'small'), fixture.put('2', '2', 'small'));
    fixture.add(remove('a'), fixture.put('b'), renew('g'));
    expect(fixture.queue.size).toBe(5);
    fixture.add(remove('c'));
    expect(fixture.queue.size).toBe(3);
    expect([fixture.queue.isPending('s', 'a'), fixture.queue.isPending('small', '1')]).toEqual([true, true]);
    await fixture.queue.replay();
    expect(fixture.told).toEqual(['renew s ', 'remove small 1', 'put small 2=2']);
  });

  it('forgets no invalidation and stays within its bound, however many come', async () => {
    const fixture = new Fixture({ maxOperations: 100 });
    let [most, forgotten] = [0, 0];
    for (let i = 0; i < 10_000; i++) {
      const [key, space] = [`key ${i % 977}`, `space ${i % 7}`];
      fixture.add(remove(key, space));
      most = Math.max(most, fixture.queue.size);
      if (!fixture.queue.isPending(space, key)) forgotten++;
    }
    expect([most, forgotten]).toEqual([100, 0]);
    for (let i = 0; i < 7; i++) expect(fixture.queue.isPending(`space ${i}`, `key ${i}`)).toBe(true);
  });

  it('has one operation for each space where there are more spaces than room', () => {
    const fixture = new Fixture({ maxOperations: 2 });
    for (let i = 0; i < 20; i++) fixture.add(remove('a', `space ${i % 5}`), remove('b', `space ${i % 5}`));
    expect(fixture.queue.size).toBe(5);
  });
});

describe('a pass that fails', () => {
  it('ends with the first failure, and the next comes after a random part of a delay that doubles, up to five seconds', async () => {
    const fixture = new Fixture();
    fixture.isDown = true;
    fixture.add(remove('a'));
    const delays: number[] = [];
    for (let i = 0; i < 9; i++) {
      const startMs = fixture.clock.now();
      while (fixture.clock.pendingTimers > 0) fixture.clock.advance(25);
      delays.push(fixture.clock.now() - startMs);
      await settled();
    }
    // Half of 100, 200, 400, …, as the random number is one half.
    expect(delays).toEqual([50, 100, 200, 400, 800, 1_600, 2_500, 2_500, 2_500]);
    expect(fixture.passes).toEqual([]);

    fixture.isDown = false;
    await fixture.pass(2_500);
    expect(fixture.told).toEqual(['remove s a']);
    expect(fixture.clock.pendingTimers).toBe(0);
    fixture.isDown = true;
    fixture.add(remove('b'));
    await fixture.pass(50);
    fixture.isDown = false;
    await fixture.pass(100);
    expect(fixture.told).toEqual(['remove s a', 'remove s b']);
  });

  it('reports what it got done, and keeps the rest', async () => {
    const fixture = new Fixture();
    fixture.add(
      renew('g'),
      remove('a'),
      { kind: 'put', space: 's', key: 'b', replay: async () => false },
      fixture.put('c'),
    );
    await fixture.queue.replay();
    expect(fixture.told).toEqual(['renew s g', 'remove s a']);
    expect(fixture.passes).toEqual([2]);
    expect(fixture.queue.size).toBe(2);
  });

  it('is followed by another at once when the breaker closes, and by none when it opens', async () => {
    const fixture = new Fixture();
    fixture.isDown = true;
    fixture.add(remove('a'));
    await fixture.pass(50);
    fixture.isDown = false;
    for (const state of ['open', 'half-open'] as const) fixture.breaker(state);
    await settled();
    expect(fixture.told).toEqual([]);
    fixture.breaker('closed');
    await settled();
    expect(fixture.told).toEqual(['remove s a']);
    expect(fixture.clock.pendingTimers).toBe(0);
  });

  it.each<readonly [string, () => Promise<boolean>]>([
    ['false', async () => false],
    ['an error', () => Promise.reject(new Error('no'))],
    [
      'an error at once',
      () => {
        throw new Error('no');
      },
    ],
  ])('for the third time because of one put, that ends with %s, has it replaced by a removal', async (_, replay) => {
    const fixture = new Fixture();
    fixture.add({ kind: 'put', space: 's', key: 'poisoned', replay }, fixture.put('behind'));
    for (let i = 0; i < 3; i++) await fixture.queue.replay();
    expect([fixture.told, fixture.queue.isPending('s', 'poisoned')]).toEqual([[], true]);
    await fixture.queue.replay();
    expect(fixture.told).toEqual(['remove s poisoned', 'put s behind=behind']);
  });

  it('costs no more than one put for however long the tier is down', async () => {
    const fixture = new Fixture();
    fixture.isDown = true;
    fixture.add(fixture.put('a'), fixture.put('b'), fixture.put('c'));
    for (let i = 0; i < 20; i++) await fixture.queue.replay();
    fixture.isDown = false;
    await fixture.queue.replay();
    expect(fixture.told).toEqual(['remove s a', 'put s b=b', 'put s c=c']);
  });
});

describe('operations that are added while a pass runs', () => {
  async function inTheMiddle(
    fixture: Fixture,
    meanwhile: () => void,
    during: () => Promise<void> = () => fixture.queue.replay(),
  ): Promise<void> {
    const next = deferred<void>();
    fixture.next = next;
    const replayed = during();
    await settled();
    meanwhile();
    next.resolve();
    await replayed;
  }

  // Race: the removal is under way when a put of the same key is added; its success is not that of the put.
  it('are not taken for the older one that is under way, whose key stays pending', async () => {
    const fixture = new Fixture();
    fixture.add(remove('a'));
    await inTheMiddle(fixture, () => {
      fixture.add(fixture.put('a', 'newer'));
      expect(fixture.queue.isPending('s', 'a')).toBe(true);
    });
    expect(fixture.told).toEqual(['remove s a', 'put s a=newer']);
    expect(fixture.queue.isPending('s', 'a')).toBe(false);
  });

  // Race: the same, with two operations that look alike. The older may have been carried out before the newer was asked for.
  it('are carried out although one like it is under way', async () => {
    const fixture = new Fixture();
    fixture.add(renew(''));
    await inTheMiddle(fixture, () => fixture.add(renew('')));
    expect(fixture.told).toEqual(['renew s ', 'renew s ']);
  });

  // Race: a put under way is outdated by a clear. The clear is told after it, and makes it unusable.
  it('reach the tier after the one under way that they outdate', async () => {
    const fixture = new Fixture();
    fixture.add(fixture.put('a'), fixture.put('b'));
    await inTheMiddle(fixture, () => fixture.add(renew('')));
    expect(fixture.told).toEqual(['put s a=a', 'renew s ']);
    expect(fixture.queue.size).toBe(0);
  });

  it('are part of it', async () => {
    const fixture = new Fixture();
    fixture.add(fixture.put('a'));
    await inTheMiddle(fixture, () => fixture.add(fixture.put('b'), remove('c')));
    expect(fixture.told).toEqual(['put s a=a', 'remove s c', 'put s b=b']);
    expect([fixture.passes, fixture.clock.pendingTimers]).toEqual([[3], 0]);
  });

  // Race: the third failure of a put arrives after a newer put has taken its place.
  it('are not replaced by a removal because an older one failed too often', async () => {
    const fixture = new Fixture();
    fixture.isDown = true;
    fixture.add(fixture.put('a', 'old'));
    for (let i = 0; i < 2; i++) await fixture.queue.replay();
    await inTheMiddle(fixture, () => fixture.add(fixture.put('a', 'new')));
    fixture.isDown = false;
    await fixture.queue.replay();
    expect(fixture.told).toEqual(['put s a=new']);
  });

  it('start no second pass, nor does a breaker that closes', async () => {
    const fixture = new Fixture();
    fixture.add(remove('a'));
    let joined: Promise<void> | undefined;
    let first: Promise<void> | undefined;
    await inTheMiddle(
      fixture,
      () => {
        fixture.breaker('closed');
        joined = fixture.queue.replay();
      },
      () => (first = fixture.queue.replay()),
    );
    expect(joined).toBe(first);
    expect(fixture.told).toEqual(['remove s a']);
  });
});

describe('an empty queue', () => {
  it('replays nothing, again and again, and has no timer', async () => {
    const fixture = new Fixture();
    for (let i = 0; i < 2; i++) await fixture.queue.replay();
    fixture.breaker('closed');
    fixture.add(remove('a'));
    await fixture.pass(50);
    expect([fixture.told, fixture.passes, fixture.clock.pendingTimers]).toEqual([['remove s a'], [1], 0]);
  });
});

describe('a closed queue', () => {
  it('tries no more, and leaves no timer behind', async () => {
    const fixture = new Fixture();
    fixture.add(remove('a'));
    fixture.queue.close();
    expect(fixture.clock.pendingTimers).toBe(0);
    fixture.add(remove('b'));
    fixture.breaker('closed');
    await fixture.pass(10_000);
    expect([fixture.told, fixture.queue.size, fixture.clock.pendingTimers]).toEqual([[], 2, 0]);
  });
});

describe('a listener of passes that throws', () => {
  it('harms nobody', async () => {
    const fixture = new Fixture({
      onReplayed: () => {
        throw new Error('listener');
      },
    });
    fixture.add(remove('a'));
    await fixture.queue.replay();
    expect([fixture.told, fixture.queue.size]).toEqual([['remove s a'], 0]);
  });
});

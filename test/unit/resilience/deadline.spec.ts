import { describe, expect, it } from '@jest/globals';
import { Deadlines, type Attempt } from '../../../lib/resilience/index.js';
import { FakeClock } from '../../../lib/testing/index.js';
import { deferred, settled } from '../cache/deferred.js';

const timedOut = (): string => 'timed out';
const failed = (error: unknown): Attempt<never> => ({ ok: false, error, skipped: false });

describe('a call with a deadline', () => {
  it('ends with its value, or what it threw, before that', async () => {
    const deadlines = new Deadlines(100, new FakeClock());
    expect(await deadlines.attempt(async () => 1, timedOut)).toEqual({ ok: true, value: 1 });
    expect(await deadlines.attempt(() => Promise.reject(undefined), timedOut)).toEqual(failed(undefined));
    const broken = new Error('broken');
    expect(
      await deadlines.attempt(() => {
        throw broken;
      }, timedOut),
    ).toEqual(failed(broken));
    expect(deadlines.waiting).toBe(0);
  });

  it('may return a value, or any thenable, instead of a promise', async () => {
    const deadlines = new Deadlines(100, new FakeClock());
    const thenable = { then: (resolve: (value: number) => void) => resolve(2) };
    const hostile = {
      get then(): never {
        throw new Error('no');
      },
    };
    const given = (value: unknown): Promise<Attempt<unknown>> =>
      deadlines.attempt(() => value as Promise<unknown>, timedOut);
    expect(await given(1)).toEqual({ ok: true, value: 1 });
    expect(await given(thenable)).toEqual({ ok: true, value: 2 });
    expect(await given(hostile)).toEqual(failed(new Error('no')));
  });

  it('ends at it, exactly, when it has not before', async () => {
    const clock = new FakeClock();
    const deadlines = new Deadlines(100, clock);
    let ended: Attempt<never> | undefined;
    void deadlines.attempt(() => new Promise<never>(() => {}), timedOut).then((attempt) => (ended = attempt));
    clock.advance(99);
    await settled();
    expect(ended).toBeUndefined();
    clock.advance(1);
    await settled();
    expect(ended).toEqual(failed('timed out'));
    expect([deadlines.waiting, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('is failed although its value, or an error that nobody waits for, comes later', async () => {
    const clock = new FakeClock();
    const deadlines = new Deadlines(100, clock);
    const [late, lateError] = [deferred<number>(), deferred<number>()];
    const attempts = [
      deadlines.attempt(() => late.promise, timedOut),
      deadlines.attempt(() => lateError.promise, timedOut),
    ];
    clock.advance(100);
    late.resolve(1);
    lateError.reject(new Error('late'));
    expect(await Promise.all(attempts)).toEqual([failed('timed out'), failed('timed out')]);
  });

  it('has its own, wherever others end', async () => {
    const clock = new FakeClock();
    const deadlines = new Deadlines(100, clock);
    const ends: string[] = [];
    const calls = ['a', 'b', 'c', 'd'].map((name) => {
      const call = deferred<string>();
      void deadlines
        .attempt(() => call.promise, timedOut)
        .then((attempt) => ends.push(`${name} ${attempt.ok ? 'ok' : 'late'} ${clock.now()}`));
      clock.advance(10);
      return call;
    });
    // One from the middle, then the first: the timer that was set for it finds another.
    for (const index of [1, 0]) {
      calls[index]?.resolve('');
      await settled();
    }
    for (let at = 40; at < 140; at++) {
      clock.advance(1);
      await settled();
    }
    expect(ends).toEqual(['b ok 40', 'a ok 40', 'c late 120', 'd late 130']);
    expect([deadlines.waiting, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('begins anew in what another call did when it ended', async () => {
    const clock = new FakeClock();
    const deadlines = new Deadlines(100, clock);
    const ended: number[] = [];
    const hang = (): Promise<never> => new Promise(() => {});
    const again = deadlines.attempt(hang, () => {
      // Still inside the timer: the list is empty, and the timer has fired.
      void deadlines.attempt(hang, timedOut).then(() => ended.push(clock.now()));
      return 'timed out';
    });
    clock.advance(100);
    await again;
    expect(clock.pendingTimers).toBe(1);
    clock.advance(100);
    await settled();
    expect(ended).toEqual([200]);
  });

  it('has none with Infinity, and no timer', async () => {
    const clock = new FakeClock();
    const deadlines = new Deadlines(Infinity, clock);
    const call = deferred<number>();
    const attempt = deadlines.attempt(() => call.promise, timedOut);
    expect(clock.pendingTimers).toBe(0);
    clock.advance(1e12);
    call.resolve(1);
    expect(await attempt).toEqual({ ok: true, value: 1 });
  });
});

describe('an event loop that was blocked past the deadline', () => {
  it('reads what has arrived meanwhile before anything counts as late', async () => {
    const clock = new FakeClock();
    const deadlines = new Deadlines(100, clock);
    const [answered, hanging] = [deferred<number>(), deferred<number>()];
    const attempts = [answered, hanging].map(({ promise }) => deadlines.attempt(() => promise, timedOut));
    clock.jump(5_000);
    clock.advance(0);
    // The turn in which the event loop reads sockets comes between two turns of timers.
    answered.resolve(1);
    await settled();
    clock.advance(1);
    expect(await Promise.all(attempts)).toEqual([{ ok: true, value: 1 }, failed('timed out')]);
  });
});

describe('deadlines that were closed', () => {
  it('leave no timer behind, and nobody who waits', async () => {
    const clock = new FakeClock();
    const deadlines = new Deadlines(100, clock);
    const attempts = [1, 2].map(() => deadlines.attempt(() => new Promise<never>(() => {}), timedOut));
    expect(clock.pendingTimers).toBe(1);
    deadlines.close();
    expect(clock.pendingTimers).toBe(0);
    expect(await Promise.all(attempts)).toEqual([failed('timed out'), failed('timed out')]);
  });
});

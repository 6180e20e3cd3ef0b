import { describe, expect, it } from '@jest/globals';
import { NEVER } from '../../../lib/engine/slots/slot-table.js';
import { MOVED, NOTHING_DUE, TimerWheel } from '../../../lib/engine/time/timer-wheel.js';

function newWheel(items = 64): TimerWheel {
  const wheel = new TimerWheel();
  wheel.grow(items);
  return wheel;
}

function fire(wheel: TimerWheel, now: number): number[] {
  const fired: number[] = [];
  for (let item = wheel.poll(now); item !== NOTHING_DUE; item = wheel.poll(now)) if (item !== MOVED) fired.push(item);
  return fired.sort((a, b) => a - b);
}

describe('TimerWheel', () => {
  it('sleeps for ever when nothing is scheduled', () => {
    expect(newWheel().nextTick()).toBe(NEVER);
  });

  for (const tick of [1, 31, 32, 33, 1_023, 1_024, 100_000, 2 ** 20, 2 ** 25, 2 ** 30, 2 ** 31 - 2]) {
    it(`hands out an item of tick ${tick} at that tick, and not one earlier`, () => {
      const wheel = newWheel();
      wheel.schedule(5, tick);
      expect(fire(wheel, tick - 1)).toEqual([]);
      expect(wheel.nextTick()).toBeLessThanOrEqual(tick);
      expect(fire(wheel, tick)).toEqual([5]);
      expect(wheel.dueOf(5)).toBe(NEVER);
      expect(fire(wheel, NEVER)).toEqual([]);
    });
  }

  it('wakes at most once a level for an item that is far away', () => {
    const wheel = newWheel();
    wheel.schedule(0, 123_456_789);
    let wakings = 0;
    for (let next = wheel.nextTick(); next !== NEVER; next = wheel.nextTick()) {
      fire(wheel, next);
      wakings++;
    }
    expect(wakings).toBeLessThanOrEqual(7);
  });

  it('hands out what was due while nobody asked, in one go', () => {
    const wheel = newWheel();
    for (let item = 0; item < 64; item++) wheel.schedule(item, 1 + item * 997);
    expect(fire(wheel, 1 + 31 * 997)).toEqual(Array.from({ length: 32 }, (_, item) => item));
    expect(fire(wheel, 1_000_000)).toHaveLength(32);
  });

  it('takes a tick that has passed as due now', () => {
    const wheel = newWheel();
    expect(fire(wheel, 1_000)).toEqual([]);
    wheel.schedule(1, 3);
    wheel.schedule(2, -50);
    expect(wheel.nextTick()).toBeLessThanOrEqual(1_000);
    expect(fire(wheel, 1_000)).toEqual([1, 2]);
  });

  it('moves an item that is scheduled again, earlier or later', () => {
    const wheel = newWheel();
    wheel.schedule(1, 5_000);
    wheel.schedule(2, 10);
    wheel.schedule(1, 20);
    wheel.schedule(2, 90_000);
    expect(fire(wheel, 20)).toEqual([1]);
    expect(fire(wheel, 89_999)).toEqual([]);
    expect(fire(wheel, 90_000)).toEqual([2]);
  });

  it('cancels the first, the last and the only item of a bucket', () => {
    const wheel = newWheel();
    for (const item of [1, 2, 3]) wheel.schedule(item, 50);
    wheel.cancel(3);
    wheel.cancel(1);
    wheel.cancel(1);
    expect([...wheel.scheduled().keys()]).toEqual([2]);
    wheel.cancel(2);
    expect([wheel.nextTick(), fire(wheel, 100)]).toEqual([NEVER, []]);
  });

  it('lets items be scheduled and cancelled while a bucket is being emptied', () => {
    const wheel = newWheel();
    for (let item = 0; item < 10; item++) wheel.schedule(item, 40);
    const first = wheel.poll(40);
    const rest = Array.from({ length: 10 }, (_, item) => item).filter((item) => item !== first);
    wheel.cancel(rest[0] as number);
    wheel.schedule(rest[1] as number, 41);
    wheel.schedule(20, 40);
    expect(fire(wheel, 40)).toEqual([...rest.slice(2), 20].sort((a, b) => a - b));
    expect(fire(wheel, 41)).toEqual([rest[1]]);
  });

  it('finds nothing due when the clock has gone back, and goes on when it has caught up', () => {
    const wheel = newWheel();
    fire(wheel, 10_000);
    wheel.schedule(1, 10_500);
    expect(fire(wheel, 3)).toEqual([]);
    expect(fire(wheel, 10_499)).toEqual([]);
    expect(fire(wheel, 10_500)).toEqual([1]);
  });

  it('keeps its items when it is asked for no more room than it has', () => {
    const wheel = newWheel();
    wheel.schedule(63, 10);
    wheel.grow(8);
    expect([wheel.dueOf(63), fire(wheel, 10)]).toEqual([10, [63]]);
  });

  it('forgets all on clear', () => {
    const wheel = newWheel();
    wheel.schedule(1, 10);
    wheel.clear();
    wheel.grow(64);
    expect([wheel.nextTick(), wheel.dueOf(1)]).toEqual([NEVER, NEVER]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../../lib/testing/index.js';

describe('FakeClock', () => {
  it('stands still until it is told to move', () => {
    const clock = new FakeClock(100);
    expect([clock.now(), clock.coarse()]).toEqual([100, 100]);
    clock.advance(50);
    expect([clock.now(), clock.coarse()]).toEqual([150, 150]);
  });

  it('counts from a fixed instant, so that a test prints the same dates every day', () => {
    const clock = new FakeClock();
    clock.advance(1);
    expect(new Date(clock.epochMs()).toISOString()).toBe('2026-01-01T00:00:00.001Z');
    expect(new FakeClock(5, 1_000).epochMs()).toBe(1_005);
  });

  it('runs each timer at its own instant, by due time and then by start', () => {
    const clock = new FakeClock();
    const ran: [string, number][] = [];
    clock.after(20, () => ran.push(['b', clock.now()]));
    clock.after(10, () => ran.push(['a', clock.now()]));
    clock.after(20, () => ran.push(['c', clock.now()]));
    clock.advance(20);
    expect(ran).toEqual([
      ['a', 10],
      ['b', 20],
      ['c', 20],
    ]);
  });

  it('runs what a timer starts when that too falls due', () => {
    const clock = new FakeClock();
    const ran: number[] = [];
    const repeat = (): void => {
      ran.push(clock.now());
      clock.after(10, repeat);
    };
    clock.after(10, repeat);
    clock.advance(35);
    expect(ran).toEqual([10, 20, 30]);
    expect(clock.now()).toBe(35);
    expect(clock.pendingTimers).toBe(1);
  });

  it('runs no timer before its time, nor one that was cancelled, nor one twice', () => {
    const clock = new FakeClock();
    const ran: string[] = [];
    const cancel = clock.after(10, () => ran.push('cancelled'));
    clock.after(10, () => ran.push('once'));
    clock.advance(9);
    expect(ran).toEqual([]);
    cancel();
    cancel();
    clock.advance(100);
    clock.advance(100);
    expect(ran).toEqual(['once']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('lets a timer cancel one that is due with it', () => {
    const clock = new FakeClock();
    const ran: string[] = [];
    clock.after(10, () => cancel());
    const cancel = clock.after(10, () => ran.push('cancelled'));
    clock.advance(10);
    expect(ran).toEqual([]);
  });

  it('never goes back when a timer advances it further', () => {
    const clock = new FakeClock();
    clock.after(10, () => clock.advance(100));
    clock.advance(20);
    expect(clock.now()).toBe(110);
  });

  describe('jump', () => {
    it('moves time without running timers: they are late, and run with the next advance', () => {
      const clock = new FakeClock();
      const ran: number[] = [];
      clock.after(10, () => ran.push(clock.now()));
      clock.jump(500);
      expect(ran).toEqual([]);
      clock.advance(0);
      expect(ran).toEqual([500]);
    });

    it('moves time back', () => {
      const clock = new FakeClock(100);
      clock.jump(-30);
      expect(clock.now()).toBe(70);
    });
  });
});

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { systemClock, type Clock } from '../../../lib/core/index.js';

/** The system under a clock, by hand: time that stands, and timers that only fire when told to. */
class HandTime {
  nowMs = 1_000;
  readings = 0;
  readonly timers: { task: () => void; delayMs: number; keepsAlive: boolean }[] = [];
  private readonly real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };

  install(): void {
    jest.spyOn(performance, 'now').mockImplementation(() => {
      this.readings++;
      return this.nowMs;
    });
    const start = (task: () => void, delayMs: number): unknown => {
      const timer = { task, delayMs, keepsAlive: true, unref: () => (timer.keepsAlive = false) };
      this.timers.push(timer);
      return timer;
    };
    Object.assign(globalThis, {
      setTimeout: start,
      clearTimeout: (timer: (typeof this.timers)[number]) => this.timers.splice(this.timers.indexOf(timer), 1),
    });
  }

  uninstall(): void {
    Object.assign(globalThis, this.real);
    jest.restoreAllMocks();
  }

  /** Lets time pass and the oldest timer fire. */
  fire(): void {
    const timer = this.timers.shift();
    if (timer === undefined) throw new Error('no timer waits');
    this.nowMs += timer.delayMs;
    timer.task();
  }
}

/** A system clock of its own, loaded over what is the system now. */
async function loadClock(): Promise<Clock> {
  jest.resetModules();
  const module = await import('../../../lib/core/clock.js');
  return module.systemClock;
}

describe('systemClock', () => {
  it('counts milliseconds, and tells those since 1970', () => {
    const before = performance.now();
    expect(systemClock.now()).toBeGreaterThanOrEqual(before);
    expect(systemClock.now()).toBeLessThanOrEqual(performance.now());
    expect(systemClock.epochMs()).toBeGreaterThan(Date.UTC(2024, 0));
  });

  describe('over a system that is moved by hand', () => {
    const time = new HandTime();
    let clock: Clock;

    beforeEach(async () => {
      time.timers.length = 0;
      time.install();
      clock = await loadClock();
      time.readings = 0;
    });
    afterEach(() => time.uninstall());

    it('reads the time once for 64 coarse readings', () => {
      for (let i = 0; i < 64; i++) clock.coarse();
      expect(time.readings).toBe(1);
      clock.coarse();
      expect(time.readings).toBe(2);
    });

    it('gives a coarse reading that is at most the exact one', () => {
      const first = clock.coarse();
      time.nowMs += 100;
      expect(clock.coarse()).toBe(first);
      expect(clock.coarse()).toBeLessThanOrEqual(clock.now());
    });

    it('catches up within 64 readings even if no timer can fire', () => {
      clock.coarse();
      time.nowMs += 10_000;
      const readings = Array.from({ length: 64 }, () => clock.coarse());
      expect(readings.at(-1)).toBe(time.nowMs);
    });

    it('catches up by its timer a few hundred milliseconds later, however few the readings', () => {
      clock.coarse();
      clock.coarse();
      expect(time.timers).toHaveLength(1);
      expect(time.timers[0]?.delayMs).toBeLessThanOrEqual(500);
      time.fire();
      time.readings = 0;
      expect(clock.coarse()).toBe(time.nowMs);
      expect(time.readings).toBe(0);
    });

    it('stops its timer when nobody reads, and is exact for the first who reads again', () => {
      clock.coarse();
      clock.coarse();
      time.fire();
      expect(time.timers).toHaveLength(1);
      time.fire();
      expect(time.timers).toHaveLength(0);
      time.nowMs += 60_000;
      expect(clock.coarse()).toBe(time.nowMs);
      expect(time.timers).toHaveLength(1);
    });

    it('never keeps the process alive', () => {
      clock.coarse();
      clock.after(1_000, () => {});
      expect(time.timers.map((timer) => timer.keepsAlive)).toEqual([false, false]);
    });

    it('cuts a wait beyond 24.8 days into pieces that setTimeout can take', () => {
      const days = 24 * 3_600_000;
      const start = time.nowMs;
      let firedAt: number | undefined;
      clock.after(60 * days, () => (firedAt = time.nowMs));
      while (time.timers.length > 0) {
        expect(time.timers[0]?.delayMs).toBeLessThan(2 ** 31);
        time.fire();
      }
      expect(firedAt).toBe(start + 60 * days);
    });

    it('cancels a wait in any of its pieces, and harmlessly afterwards', () => {
      const cancel = clock.after(2 ** 33, () => {
        throw new Error('cancelled');
      });
      time.fire();
      cancel();
      expect(time.timers).toHaveLength(0);
      cancel();
    });
  });

  describe("under the test runner's fake timers", () => {
    afterEach(() => {
      jest.useRealTimers();
    });

    it('sees time move at once, in coarse readings too', () => {
      systemClock.coarse();
      jest.useFakeTimers();
      const start = systemClock.coarse();
      jest.advanceTimersByTime(5);
      expect(systemClock.coarse()).toBe(start + 5);
      jest.advanceTimersByTime(3_600_000);
      expect(systemClock.coarse()).toBe(start + 3_600_005);
      expect(systemClock.now()).toBe(start + 3_600_005);
    });

    it('runs and cancels tasks by them', () => {
      jest.useFakeTimers();
      const ran: string[] = [];
      systemClock.after(100, () => ran.push('kept'));
      const cancel = systemClock.after(100, () => ran.push('cancelled'));
      jest.advanceTimersByTime(99);
      expect(ran).toEqual([]);
      cancel();
      jest.advanceTimersByTime(1);
      expect(ran).toEqual(['kept']);
    });

    it('leaves no timer of its own among them', () => {
      jest.useFakeTimers();
      for (let i = 0; i < 200; i++) systemClock.coarse();
      expect(jest.getTimerCount()).toBe(0);
    });

    it('carries no reading of theirs over into real time', () => {
      jest.useFakeTimers();
      systemClock.coarse();
      jest.advanceTimersByTime(1e9);
      systemClock.coarse();
      jest.useRealTimers();
      expect(systemClock.coarse()).toBeLessThanOrEqual(systemClock.now());
    });

    it('sees time move also when it was loaded among them', async () => {
      jest.useFakeTimers();
      const clock = await loadClock();
      const start = clock.coarse();
      jest.advanceTimersByTime(7);
      expect(clock.coarse()).toBe(start + 7);
    });
  });
});

import { describe, expect, it } from '@jest/globals';
import { from, map, toArray, type ObservableInput } from 'rxjs';
import { Emitter } from '../../../lib/core/index.js';

describe('Emitter', () => {
  it('has, for the compiler too, no property but its own', () => {
    // @ts-expect-error: a method by the name of a symbol once gave it every property
    expect(new Emitter<number>().next).toBeUndefined();
  });

  it('delivers each value to every observer, in order, before emit returns', () => {
    const emitter = new Emitter<number>();
    const seen: string[] = [];
    emitter.subscribe((value) => seen.push(`a${value}`));
    emitter.subscribe({ next: (value) => seen.push(`b${value}`) });
    emitter.emit(1);
    expect(seen).toEqual(['a1', 'b1']);
    emitter.emit(2);
    expect(seen).toEqual(['a1', 'b1', 'a2', 'b2']);
  });

  it('tells whether anybody listens', () => {
    const emitter = new Emitter<number>();
    expect(emitter.observed).toBe(false);
    const one = emitter.subscribe(() => {});
    const other = emitter.subscribe(() => {});
    one.unsubscribe();
    expect(emitter.observed).toBe(true);
    other.unsubscribe();
    expect(emitter.observed).toBe(false);
  });

  it('tells which kinds anybody wants to hear of', () => {
    const emitter = new Emitter<string>();
    expect(emitter.hears('a')).toBe(false);
    const some = emitter.subscribe(
      () => {},
      (kind) => kind === 'a',
    );
    expect([emitter.hears('a'), emitter.hears('b')]).toEqual([true, false]);
    const all = emitter.subscribe(() => {});
    expect(emitter.hears('b')).toBe(true);
    all.unsubscribe();
    some.unsubscribe();
    expect(emitter.hears('a')).toBe(false);
  });

  it('delivers nothing emitted before the subscription or after its end', () => {
    const emitter = new Emitter<number>();
    const seen: number[] = [];
    emitter.emit(1);
    const subscription = emitter.subscribe((value) => seen.push(value));
    emitter.emit(2);
    subscription.unsubscribe();
    subscription.unsubscribe();
    emitter.emit(3);
    expect(seen).toEqual([2]);
  });

  it('makes two subscriptions of one observer subscribed twice', () => {
    const emitter = new Emitter<number>();
    const seen: number[] = [];
    const observer = { next: (value: number) => seen.push(value) };
    const first = emitter.subscribe(observer);
    emitter.subscribe(observer);
    emitter.emit(1);
    first.unsubscribe();
    emitter.emit(2);
    expect(seen).toEqual([1, 1, 2]);
  });

  it('calls an observer as a method of itself', () => {
    class Counter {
      count = 0;
      next(value: number): void {
        this.count += value;
      }
    }
    const emitter = new Emitter<number>();
    const counter = new Counter();
    emitter.subscribe(counter);
    emitter.emit(5);
    expect(counter.count).toBe(5);
  });

  describe('when an observer emits', () => {
    it('delivers the new value after the current one has reached everybody', () => {
      const emitter = new Emitter<number>();
      const seen: string[] = [];
      emitter.subscribe((value) => {
        seen.push(`a${value}`);
        if (value < 3) emitter.emit(value + 1);
      });
      emitter.subscribe((value) => seen.push(`b${value}`));
      emitter.emit(1);
      expect(seen).toEqual(['a1', 'b1', 'a2', 'b2', 'a3', 'b3']);
    });

    it('delivers a long chain without growing the stack', () => {
      const emitter = new Emitter<number>();
      let last = 0;
      emitter.subscribe((value) => {
        last = value;
        if (value < 100_000) emitter.emit(value + 1);
      });
      emitter.emit(1);
      expect(last).toBe(100_000);
    });

    it('stops one that answers every value with another, tells its owner, and goes on afterwards', () => {
      let runaways = 0;
      const emitter = new Emitter<string>(() => runaways++);
      let answered = 0;
      const endless = emitter.subscribe((value) => {
        answered++;
        if (value === 'endless') emitter.emit(value);
      });
      emitter.emit('endless');
      expect(answered).toBeGreaterThan(1_000_000);
      expect(runaways).toBe(1);
      endless.unsubscribe();
      const seen: string[] = [];
      emitter.subscribe((value) => seen.push(value));
      emitter.emit('next');
      expect(seen).toEqual(['next']);
    });
  });

  describe('when observers come and go during a delivery', () => {
    it('spares one that an earlier observer has just unsubscribed', () => {
      const emitter = new Emitter<number>();
      const seen: string[] = [];
      emitter.subscribe(() => later.unsubscribe());
      const later = emitter.subscribe((value) => seen.push(`later${value}`));
      emitter.subscribe((value) => seen.push(`last${value}`));
      emitter.emit(1);
      expect(seen).toEqual(['last1']);
    });

    it('gives a newcomer the next value, not the current one', () => {
      const emitter = new Emitter<number>();
      const seen: number[] = [];
      const first = emitter.subscribe(() => {
        first.unsubscribe();
        emitter.subscribe((value) => seen.push(value));
      });
      emitter.emit(1);
      emitter.emit(2);
      expect(seen).toEqual([2]);
    });
  });

  describe('promise Numbers: a throwing observer harms nobody', () => {
    it('delivers to the others and returns to the caller', () => {
      const emitter = new Emitter<number>();
      const seen: number[] = [];
      emitter.subscribe(() => {
        throw new Error('observer');
      });
      emitter.subscribe((value) => seen.push(value));
      emitter.emit(1);
      emitter.emit(2);
      expect(seen).toEqual([1, 2]);
    });

    it('lets the rejection of an asynchronous observer end in silence', async () => {
      const unhandled: unknown[] = [];
      const listener = (reason: unknown): void => void unhandled.push(reason);
      process.on('unhandledRejection', listener);
      const emitter = new Emitter<number>();
      emitter.subscribe(async () => Promise.reject(new Error('observer')));
      emitter.subscribe({ next: async () => Promise.reject(new Error('observer')) });
      emitter.emit(1);
      await new Promise((resolve) => setImmediate(resolve));
      process.off('unhandledRejection', listener);
      expect(unhandled).toEqual([]);
    });

    it('completes the others when one throws on completion, also one that comes late', () => {
      const emitter = new Emitter<number>();
      let completed = 0;
      const failing = {
        complete() {
          throw new Error('observer');
        },
      };
      emitter.subscribe(failing);
      emitter.subscribe({ complete: () => completed++ });
      emitter.complete();
      emitter.subscribe(failing);
      expect(completed).toBe(1);
    });
  });

  describe('complete', () => {
    it('tells every observer once, lets go of them, and is silent afterwards', () => {
      const emitter = new Emitter<number>();
      const seen: unknown[] = [];
      emitter.subscribe({ next: (value) => seen.push(value), complete: () => seen.push('end') });
      emitter.emit(1);
      emitter.complete();
      emitter.complete();
      emitter.emit(2);
      expect(seen).toEqual([1, 'end']);
      expect(emitter.observed).toBe(false);
    });

    it('completes at once who subscribes later', () => {
      const emitter = new Emitter<number>();
      emitter.complete();
      const seen: string[] = [];
      const subscription = emitter.subscribe({ next: () => seen.push('value'), complete: () => seen.push('end') });
      subscription.unsubscribe();
      emitter.emit(1);
      expect(seen).toEqual(['end']);
      expect(emitter.observed).toBe(false);
    });

    it('waits for the values that are being delivered', () => {
      const emitter = new Emitter<number>();
      const seen: unknown[] = [];
      emitter.subscribe((value) => {
        if (value === 1) {
          emitter.emit(2);
          emitter.complete();
          emitter.emit(3);
        }
      });
      emitter.subscribe({ next: (value) => seen.push(value), complete: () => seen.push('end') });
      emitter.emit(1);
      expect(seen).toEqual([1, 2, 'end']);
    });
  });

  describe('with RxJS', () => {
    it('is an input of from()', () => {
      const emitter = new Emitter<number>();
      const seen: unknown[] = [];
      // RxJS types its interop by a symbol that only its own declarations know.
      from(emitter as unknown as ObservableInput<number>)
        .pipe(
          map((value) => value * 10),
          toArray(),
        )
        .subscribe((values) => seen.push(values));
      emitter.emit(1);
      emitter.emit(2);
      emitter.complete();
      expect(seen).toEqual([[10, 20]]);
    });

    it('is let go of when the RxJS subscription ends', () => {
      const emitter = new Emitter<number>();
      const subscription = from(emitter as unknown as ObservableInput<number>).subscribe();
      expect(emitter.observed).toBe(true);
      subscription.unsubscribe();
      expect(emitter.observed).toBe(false);
    });
  });
});

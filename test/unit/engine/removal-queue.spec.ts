import { describe, expect, it } from '@jest/globals';
import { RemovalQueue } from '../../../lib/engine/store/removal-queue.js';

describe('RemovalQueue', () => {
  it('tells each removal once, in order, when it is asked to', () => {
    const told: unknown[] = [];
    const queue = new RemovalQueue((...removal) => told.push(removal));
    queue.add('a', 1, 'size');
    queue.add('b', 2, 'expired');
    expect(told).toEqual([]);
    queue.deliver();
    queue.deliver();
    expect(told).toEqual([
      ['a', 1, 'size'],
      ['b', 2, 'expired'],
    ]);
  });

  it('tells what a listener removes after what came before it', () => {
    const told: unknown[] = [];
    const queue: RemovalQueue<number, number> = new RemovalQueue<number, number>((key) => {
      told.push(key);
      if (key < 10) {
        queue.add(key + 10, 0, 'size');
        queue.deliver();
      }
    });
    queue.add(1, 0, 'size');
    queue.add(2, 0, 'size');
    queue.deliver();
    expect(told).toEqual([1, 2, 11, 12]);
  });

  it('keeps what follows a listener that threw', () => {
    const told: unknown[] = [];
    const queue = new RemovalQueue<string, number>((key) => {
      told.push(key);
      if (key === 'a') throw new Error('listener');
    });
    for (const key of ['a', 'b', 'c']) queue.add(key, 0, 'size');
    expect(() => queue.deliver()).toThrow('listener');
    queue.deliver();
    expect(told).toEqual(['a', 'b', 'c']);
  });

  it('tells ten thousand removals that the listener causes, and the others at the end of the next operation', () => {
    let runaways = 0;
    const told: number[] = [];
    const queue: RemovalQueue<number, number> = new RemovalQueue<number, number>(
      (key) => {
        told.push(key);
        queue.add(key + 1, 0, 'size');
        queue.deliver();
      },
      () => runaways++,
    );
    queue.add(0, 0, 'size');
    queue.deliver();
    expect(told.length).toBe(10_001);
    expect(runaways).toBe(1);
    queue.deliver();
    expect(told).toEqual(Array.from({ length: told.length }, (_, i) => i));
    expect(told.length).toBe(20_002);
  });
});

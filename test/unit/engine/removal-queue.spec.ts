import { describe, expect, it } from '@jest/globals';
import { RemovalQueue } from '../../../lib/engine/removal-queue.js';

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
});

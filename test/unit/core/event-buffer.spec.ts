import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EventBuffer } from '../../../lib/core/index.js';

describe('EventBuffer', () => {
  it('gives the newest in their order and counts the others, whatever is added and taken when', () => {
    const steps = fc.array(fc.oneof({ weight: 5, arbitrary: fc.constant('add') }, fc.constant('take')));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), steps, (limit, program) => {
        const buffer = new EventBuffer<number>(limit);
        let waiting: number[] = [];
        let next = 0;
        for (const step of [...program, 'take']) {
          if (step === 'add') {
            buffer.add(next);
            waiting.push(next++);
          } else {
            expect(buffer.isEmpty).toBe(waiting.length === 0);
            const kept = waiting.slice(-limit);
            expect(buffer.take()).toEqual({ events: kept, missed: waiting.length - kept.length });
            waiting = [];
          }
        }
      }),
    );
  });
});

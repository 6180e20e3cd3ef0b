import { describe, expect, it } from '@jest/globals';
import { workerApp } from '../../../../lib/backends/threads/index.js';

describe('workerApp', () => {
  it('starts the app once, with the first task', async () => {
    let starts = 0;
    const app = { close: async () => {} };
    const task = workerApp(
      async () => (starts++, app),
      (given, asked: number) => [given === app, asked],
    );
    expect(starts).toBe(0);
    expect(await Promise.all([task(1), task(2)])).toEqual([
      [true, 1],
      [true, 2],
    ]);
    await task(3);
    expect(starts).toBe(1);
  });

  describe('when the app cannot start', () => {
    it('rejects the tasks that waited, and tries again with the next', async () => {
      const failing = [true, false];
      const task = workerApp(
        async () => {
          if (failing.shift() === true) throw new Error('no database');
          return { close: async () => {} };
        },
        () => 'done',
      );
      const first = await Promise.allSettled([task(1), task(2)]);
      expect(first.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      expect(await task(3)).toBe('done');
    });
  });

  it('closes the app, and starts another one for a task after that', async () => {
    const events: string[] = [];
    const task = workerApp(
      async () => (events.push('start'), { close: async () => events.push('close') }),
      () => undefined,
    );
    await task.close();
    await task(1);
    await task.close();
    await task(2);
    expect(events).toEqual(['start', 'close', 'start']);
  });
});

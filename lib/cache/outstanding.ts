import type { Clock } from '../core/index.js';

/** Work that callers wait for, so that a closing cache can wait for it too. */
export class Outstanding {
  private readonly running = new Set<Promise<unknown>>();

  /** What is done at once is returned as it is. */
  track<T>(work: T | Promise<T>): T | Promise<T> {
    if (!(work instanceof Promise)) return work;
    this.running.add(work);
    const end = (): void => void this.running.delete(work);
    work.then(end, end);
    return work;
  }

  /** Waits for what runs now, but not longer than `limitMs`. */
  async settled(clock: Clock, limitMs: number): Promise<void> {
    if (this.running.size === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = clock.after(limitMs, resolve);
      void Promise.allSettled([...this.running]).then(() => {
        cancel();
        resolve();
      });
    });
  }
}

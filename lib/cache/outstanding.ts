import type { Clock } from '../core/index.js';

/** Work that callers wait for, so that a closing cache can wait for it too. */
export class Outstanding {
  private running = 0;
  private idle: (() => void)[] = [];

  /** What is done at once is returned as it is. */
  track<T>(work: T | Promise<T>): T | Promise<T> {
    if (!(work instanceof Promise)) return work;
    this.running++;
    work.then(this.end, this.end);
    return work;
  }

  /** Waits until nothing runs, but not longer than `limitMs`. */
  async settled(clock: Clock, limitMs: number): Promise<void> {
    if (this.running === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = clock.after(limitMs, resolve);
      this.idle.push(() => {
        cancel();
        resolve();
      });
    });
  }

  private readonly end = (): void => {
    if (--this.running > 0) return;
    const { idle } = this;
    this.idle = [];
    for (const tell of idle) tell();
  };
}

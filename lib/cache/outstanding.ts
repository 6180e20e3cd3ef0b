import type { Clock } from '../core/index.js';

/** Work that callers wait for, so that a closing cache can wait for it too. */
export class Outstanding {
  private running = 0;
  private idle: (() => void)[] = [];

  /** What is done at once is returned as it is. */
  readonly track = <T>(work: T | Promise<T>): T | Promise<T> => {
    if (!(work instanceof Promise)) return work;
    this.running++;
    work.then(this.end, this.end);
    return work;
  };

  /** Begins work, and gives its caller a promise of his own, to which nobody else listens; what throws at once rejects it. */
  follow(begin: () => void | Promise<void>): Promise<void> {
    let work: void | Promise<void>;
    try {
      work = begin();
    } catch (error) {
      return Promise.reject(error);
    }
    if (work === undefined) return Promise.resolve();
    this.running++;
    return work.then(this.end, this.endFailed);
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

  private readonly endFailed = (error: unknown): never => {
    this.end();
    throw error;
  };
}

import { CacheReentrancyError } from '../core/index.js';

/** A value being computed for a key. */
export interface Computation {
  readonly key: unknown;
  /** `false` once the cache was changed in a way that the value cannot know of. */
  isCurrent: boolean;
}

/**
 * The computations that are running, the innermost last: a function given to `getOrCompute` may call the cache, which
 * may compute again. Whatever it puts or invalidates for a key outdates the computation of that key: the later word wins.
 */
export class Computations {
  private readonly running: Computation[] = [];

  constructor(private readonly cache: string) {}

  /** Whether any is running; while none is, changes need not be reported. */
  get any(): boolean {
    return this.running.length > 0;
  }

  begin(key: unknown): Computation {
    if (this.running.some((other) => isSame(other.key, key))) throw new CacheReentrancyError(this.cache, key);
    const computation = { key, isCurrent: true };
    this.running.push(computation);
    return computation;
  }

  end(computation: Computation): void {
    this.running.splice(this.running.indexOf(computation), 1);
  }

  outdate(key: unknown): void {
    for (const computation of this.running) if (isSame(computation.key, key)) computation.isCurrent = false;
  }

  /** Of a change that may concern any key: which groups a value will have is not known before it is there. */
  outdateAll(): void {
    for (const computation of this.running) computation.isCurrent = false;
  }
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || Object.is(a, b);
}

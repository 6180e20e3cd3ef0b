import type { RemovalCause } from './removal-queue.js';
import type { Bound } from './bound.js';

/** What bounds a store at the moment: its own bounds, and a ceiling from outside while memory is short. */
export class StoreBounds {
  maxSize = Infinity;
  maxWeight = Infinity;
  /** What an entry is evicted for when there are too many, and when they are too heavy. */
  sizeCause: RemovalCause = 'size';
  weightCause: RemovalCause = 'weight';
  private readonly kind: Bound<never, never>['kind'];
  private ownMaxSize: number;
  private ownMaxWeight: number;
  private ceiling = Infinity;

  constructor(bound: Bound<never, never>) {
    this.kind = bound.kind;
    this.ownMaxSize = bound.maxSize;
    this.ownMaxWeight = bound.kind === 'size' ? Infinity : bound.maxWeight;
    this.combine();
  }

  /** Changes the own bound: the number of entries, or the weight where no number of entries bounds the store. */
  resize(maximum: number): void {
    if (this.ownMaxSize === Infinity) this.ownMaxWeight = maximum;
    else this.ownMaxSize = maximum;
    this.combine();
  }

  /** Whether that changes anything. */
  limit(ceiling: number): boolean {
    const { maxSize, maxWeight } = this;
    this.ceiling = ceiling;
    this.combine();
    return maxSize !== this.maxSize || maxWeight !== this.maxWeight;
  }

  /** Whether the ceiling is lower than the own bounds. */
  get areLowered(): boolean {
    return this.maxSize < this.ownMaxSize || this.maxWeight < this.ownMaxWeight;
  }

  /** Without the ceiling, in its unit. */
  get own(): number {
    return this.kind === 'size' ? this.ownMaxSize : this.ownMaxWeight;
  }

  private combine(): void {
    const { kind, ownMaxSize, ownMaxWeight, ceiling } = this;
    const isCounted = kind === 'size';
    this.maxSize = isCounted ? Math.min(ownMaxSize, Math.max(1, Math.floor(ceiling))) : ownMaxSize;
    this.maxWeight = isCounted ? Infinity : Math.min(ownMaxWeight, ceiling);
    this.sizeCause = this.maxSize < ownMaxSize ? 'memory' : 'size';
    this.weightCause = this.maxWeight < ownMaxWeight || kind === 'memory' ? 'memory' : 'weight';
  }
}

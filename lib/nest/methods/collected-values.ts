import type { StoreStep } from '../steps/store-step.js';

/** The values that a sequence has emitted so far, as far as a step may want to store them. */
export class CollectedValues {
  private readonly values: unknown[] = [];
  private count = 0;

  constructor(private readonly limit: number) {}

  get isEmpty(): boolean {
    return this.count === 0;
  }

  add(value: unknown): void {
    this.count++;
    if (this.values.length < this.limit) this.values.push(value);
  }

  /** The value for a step to store; throws when there were too many for it. */
  packedFor({ form, parts: { label } }: StoreStep): unknown {
    if (this.count > form.limit) throw form.overflow(label);
    return form.pack(this.values);
  }
}

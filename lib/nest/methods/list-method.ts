import type { Arguments } from '../steps/addressing.js';
import { BoundMethod, type BoundMethodParts } from './bound-method.js';
import type { StoreAllStep } from '../steps/store-all-step.js';

/** The chain for a method that takes a list of ids (`@CacheableAll`): its lookup calls the method for some of them. */
export class ListMethod extends BoundMethod {
  constructor(
    private readonly parts: BoundMethodParts,
    private readonly step: StoreAllStep,
  ) {
    super();
  }

  async call(self: unknown, args: Arguments): Promise<unknown> {
    const { chain, original } = this.parts;
    const callFor = (ids: readonly unknown[]): unknown => Reflect.apply(original, self, [ids, ...args.slice(1)]);
    return chain.run(chain.plan(args), args, () => this.step.load(args, callFor));
  }
}

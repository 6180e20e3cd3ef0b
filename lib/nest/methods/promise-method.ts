import type { Arguments } from '../steps/addressing.js';
import { BoundMethod, type BoundMethodParts, type Returned, type WholeMethod } from './bound-method.js';
import type { CallPlan } from '../steps/operation-chain.js';

/** The whole chain. */
export class PromiseMethod extends BoundMethod implements WholeMethod {
  constructor(private readonly parts: BoundMethodParts) {
    super();
  }

  call(self: unknown, args: Arguments): Promise<unknown> {
    const { chain, original } = this.parts;
    try {
      return chain.run(chain.plan(args), args, async () => Reflect.apply(original, self, args) as unknown);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  resume(plan: CallPlan, args: Arguments, returned: Returned): Promise<unknown> {
    const promise = Promise.resolve(returned());
    // A hit leaves it unused, and a rejection of it is then nobody's.
    promise.catch(() => {});
    return this.parts.chain.run(plan, args, (load) => {
      returned(load);
      return promise;
    });
  }
}

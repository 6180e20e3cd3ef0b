import type { LoadContext } from '../../cache/index.js';
import type { Arguments } from '../steps/addressing.js';
import type { AnyMethod } from '../operations/method-types.js';
import type { CallPlan, OperationChain } from '../steps/operation-chain.js';

/** A decorated method, bound to the caches of one app: all that a call has to do, decided once. */
export abstract class BoundMethod {
  /** Calls the method of `self`, through its caches. */
  abstract call(self: unknown, args: Arguments): unknown;

  /** The same for a call with one argument; without a list of arguments where none is needed. */
  callWithOne(self: unknown, first: unknown): unknown {
    return this.call(self, [first]);
  }

  callWithTwo(self: unknown, first: unknown, second: unknown): unknown {
    return this.call(self, [first, second]);
  }

  callWithAny(self: unknown, ...args: Arguments): unknown {
    return this.call(self, args);
  }
}

/** Whatever the method returns, unchanged: no cache is there, or all its caches are switched off. */
export class UncachedMethod extends BoundMethod {
  constructor(private readonly original: AnyMethod) {
    super();
  }

  call(self: unknown, args: Arguments): unknown {
    return Reflect.apply(this.original, self, args);
  }
}

/** What a method has returned already, for the load that is made of it, if one is. */
export type Returned = (load?: LoadContext) => unknown;

/** One that has every step, and can go on with a call whose plan is made and whose method has run already. */
export interface WholeMethod extends BoundMethod {
  resume(plan: CallPlan, args: Arguments, returned: Returned): unknown;
}

/** What a bound method is made of. */
export interface BoundMethodParts {
  /** `Class.method`. */
  readonly label: string;
  readonly original: AnyMethod;
  readonly chain: OperationChain;
}

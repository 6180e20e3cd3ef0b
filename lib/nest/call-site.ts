import type { BoundMethod } from './bound-method.js';
import type { MethodRecord } from './metadata.js';
import { RUNTIME } from './tokens.js';
import { isRuntimeHolder, type RuntimeHolder } from './runtime-holder.js';
import { failure } from './result-failure.js';
import { declaredKind } from './result-kind.js';
import { warnUncached } from './uncached-warning.js';

/** What a call is made on, as far as we care. */
interface Host {
  readonly [RUNTIME]?: unknown;
}

const NOBODY = {};
const UNBOUND: BoundMethod = {
  call: () => {
    throw new Error('an unbound call site serves nobody');
  },
};

/**
 * Where a decorated method finds its caches: an inline cache of one entry, the app and class that called last.
 *
 * A hit costs two loads and two comparisons before the lookup: the instance's runtime (an own property that Nest set)
 * and its prototype. The class matters because methods of a base class have caches for each class that inherits them.
 * Everything else, a second app, another subclass, an instance without an app, goes through {@link callUnbound}.
 */
export class CallSite {
  bound = UNBOUND;
  private holder: unknown = NOBODY;
  private prototype: unknown = undefined;

  constructor(private readonly record: MethodRecord) {}

  serves(self: unknown): boolean {
    return (self as Host | undefined)?.[RUNTIME] === this.holder && Object.getPrototypeOf(self) === this.prototype;
  }

  /** Finds what serves this instance, and remembers it. */
  callUnbound(self: unknown, args: readonly unknown[]): unknown {
    const holder = (self as Host | null | undefined)?.[RUNTIME];
    if (!isRuntimeHolder(holder) || holder.runtime.closed) {
      if (!isRuntimeHolder(holder)) warnUncached(self, this.record, holder);
      return Reflect.apply(this.record.original, self, args);
    }
    let bound: BoundMethod;
    try {
      bound = this.bind(holder, Object.getPrototypeOf(self) as object);
    } catch (error) {
      return failure(declaredKind(this.record), error);
    }
    return bound.call(self, args);
  }

  /** Lets go of a closed app. */
  forget(): void {
    this.holder = NOBODY;
    this.prototype = undefined;
    this.bound = UNBOUND;
  }

  private bind(holder: RuntimeHolder, prototype: object): BoundMethod {
    const bound = holder.runtime.bind(prototype, this.record, this);
    this.holder = holder;
    this.prototype = prototype;
    this.bound = bound;
    return bound;
  }
}

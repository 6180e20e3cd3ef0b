import { BoundMethod, UncachedMethod } from '../methods/bound-method.js';
import type { MethodRecord } from '../operations/metadata.js';
import { RUNTIME } from '../operations/tokens.js';
import { isClassHolder, type ClassHolder } from './runtime-holder.js';
import { failure } from './result-failure.js';
import { declaredKind, type ResultKind } from '../steps/result-kind.js';
import { warnUncached } from './uncached-warning.js';

/** What a call is made on, as far as we care. */
interface Host {
  readonly [RUNTIME]?: unknown;
}

const NOBODY = {};

/** One that cannot be bound: each call says why, as its result says it. */
class RefusedMethod extends BoundMethod {
  constructor(
    private readonly kind: ResultKind,
    private readonly error: unknown,
  ) {
    super();
  }

  call(): unknown {
    return failure(this.kind, this.error);
  }
}

const UNBOUND: BoundMethod = new RefusedMethod('promise', new Error('an unbound call site serves nobody'));

/**
 * Where a decorated method finds its caches: an inline cache of one entry, the app and class that called last.
 *
 * A hit costs one load and one comparison before the lookup: what the instance was given, an own property that says of
 * which app and of which class it is. The class matters because methods of a base class have caches for each class that
 * inherits them. Everything else, a second app, another subclass, an instance without an app, goes through
 * {@link find}.
 */
export class CallSite {
  bound = UNBOUND;
  private holder: unknown = NOBODY;

  constructor(private readonly record: MethodRecord) {}

  serves(self: unknown): boolean {
    return (self as Host | undefined)?.[RUNTIME] === this.holder;
  }

  /** What serves this instance; remembers it. */
  find(self: unknown): BoundMethod {
    const holder = (self as Host | null | undefined)?.[RUNTIME];
    if (!isClassHolder(holder) || holder.runtime.closed) {
      if (!isClassHolder(holder)) warnUncached(self, this.record, holder);
      return new UncachedMethod(this.record.original);
    }
    try {
      return this.bind(holder);
    } catch (error) {
      return new RefusedMethod(declaredKind(this.record), error);
    }
  }

  /** Lets go of a closed app. */
  forget(): void {
    this.holder = NOBODY;
    this.bound = UNBOUND;
  }

  private bind(holder: ClassHolder): BoundMethod {
    const bound = holder.runtime.bind(holder.prototype, this.record, this);
    this.holder = holder;
    this.bound = bound;
    return bound;
  }
}

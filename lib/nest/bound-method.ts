import type { IndexedCache } from '../cache/index.js';
import type { Address, Addressing, Arguments } from './addressing.js';
import { IterableMethod } from './iterable-method.js';
import type { AnyMethod } from './method-types.js';
import { ObservableMethod } from './observable-method.js';
import type { UserFunction } from './operation.js';
import type { CallPlan, OperationChain } from './operation-chain.js';
import { kindOf, synchronousMethod, type ResultKind } from './result-kind.js';
import type { StoreStep } from './store-step.js';

/** A decorated method, bound to the caches of one app: all that a call has to do, decided once. */
export interface BoundMethod {
  /** Calls the method of `self`, through its caches. */
  call(self: unknown, args: Arguments): unknown;
}

/** One that has every step, and can go on with a call whose plan is made and whose method has run already. */
export interface WholeMethod extends BoundMethod {
  resume(plan: CallPlan, args: Arguments, result: unknown): unknown;
}

/** What a bound method is made of. */
export interface BoundMethodParts {
  /** `Class.method`. */
  readonly label: string;
  readonly original: AnyMethod;
  readonly chain: OperationChain;
}

/** The form of the chain that a method of this kind needs. Steps that nothing asked for are not there. */
export function boundMethod(kind: ResultKind, parts: BoundMethodParts): BoundMethod {
  return kind === 'unknown' ? new UnknownMethod(parts) : (shortened(kind, parts) ?? whole(kind, parts));
}

function whole(kind: Exclude<ResultKind, 'unknown'>, parts: BoundMethodParts): WholeMethod {
  switch (kind) {
    case 'promise':
      return new PromiseMethod(parts);
    case 'observable':
      return new ObservableMethod(parts);
    case 'iterable':
      return new IterableMethod(parts);
    case 'sync':
      throw synchronousMethod(parts.label);
  }
}

function shortened(kind: ResultKind, { original, chain }: BoundMethodParts): BoundMethod | undefined {
  if (kind === 'sync') return undefined;
  if (chain.isEmpty) return new UncachedMethod(original);
  if (kind !== 'promise' || chain.cacheable === undefined || !chain.onlyLooksUp) return undefined;
  return new LookupMethod(original, chain.cacheable);
}

/** Whatever the method returns, unchanged: all its caches are switched off. */
class UncachedMethod implements BoundMethod {
  constructor(private readonly original: AnyMethod) {}

  call(self: unknown, args: Arguments): unknown {
    return Reflect.apply(this.original, self, args);
  }
}

/** The whole chain. */
class PromiseMethod implements WholeMethod {
  constructor(private readonly parts: BoundMethodParts) {}

  call(self: unknown, args: Arguments): Promise<unknown> {
    const { chain, original } = this.parts;
    try {
      return chain.run(chain.plan(args), args, async () => Reflect.apply(original, self, args) as unknown);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  resume(plan: CallPlan, args: Arguments, result: unknown): Promise<unknown> {
    const promise = Promise.resolve(result);
    // A hit leaves it unused, and a rejection of it is then nobody's.
    promise.catch(() => {});
    return this.parts.chain.run(plan, args, () => promise);
  }
}

/**
 * The same chain where a `@Cacheable` is all there is, which is nearly every decorated method: condition → key → lookup →
 * call. A hit allocates nothing here and hands out the promise that the entry keeps.
 */
class LookupMethod implements BoundMethod {
  private readonly cache: IndexedCache<unknown, unknown>;
  private readonly addressing: Addressing;
  private readonly condition: UserFunction<unknown> | undefined;

  constructor(
    private readonly original: AnyMethod,
    private readonly step: StoreStep,
  ) {
    this.cache = step.cache;
    this.addressing = step.parts.addressing;
    this.condition = step.parts.condition;
  }

  call(self: unknown, args: Arguments): unknown {
    const { addressing, condition } = this;
    let key: unknown;
    let index: unknown;
    try {
      if (condition !== undefined && !condition(...args)) return Reflect.apply(this.original, self, args);
      key = addressing.keyOf(args);
      index = addressing.indexOf(key);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.cache.hitAt(index) ?? this.load(self, args, { index, key: addressing.needsKey ? key : undefined });
  }

  private load(self: unknown, args: Arguments, address: Address): Promise<unknown> {
    // A promise as far as could be known; a load takes a plain value as well.
    return this.step.load(address, args, () => Reflect.apply(this.original, self, args) as Promise<unknown>);
  }
}

/**
 * A method of which nothing told what it returns: its first call runs it and learns that from the result. A synchronous
 * result passes through uncached; the next call is refused.
 */
class UnknownMethod implements BoundMethod {
  private learnt: BoundMethod | undefined = undefined;
  private wasSynchronous = false;

  constructor(private readonly parts: BoundMethodParts) {}

  call(self: unknown, args: Arguments): unknown {
    if (this.learnt !== undefined) return this.learnt.call(self, args);
    if (this.wasSynchronous) throw synchronousMethod(this.parts.label);
    const { chain, original } = this.parts;
    const plan = chain.plan(args);
    const result: unknown = Reflect.apply(original, self, args);
    const kind = kindOf(result);
    this.wasSynchronous = kind === 'sync';
    if (this.wasSynchronous || chain.isEmpty) return result;
    const method = whole(kind, this.parts);
    this.learnt = shortened(kind, this.parts) ?? method;
    return method.resume(plan, args, result);
  }
}

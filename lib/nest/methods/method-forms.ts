import { AddressingByArguments, type Arguments } from '../steps/addressing.js';
import type { Unloaded } from '../../cache/index.js';
import { BoundMethod, UncachedMethod, type BoundMethodParts, type Returned, type WholeMethod } from './bound-method.js';
import { IterableMethod } from './iterable-method.js';
import { ArgumentsLookupMethod, KeyLookupMethod, LookupMethod } from './lookup-method.js';
import type { AnyMethod } from '../operations/method-types.js';
import { ObservableMethod } from './observable-method.js';
import { PromiseMethod } from './promise-method.js';
import type { StoreStep } from '../steps/store-step.js';
import { kindOf, synchronousMethod, type ResultKind } from '../steps/result-kind.js';

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
  return lookupMethod(original, chain.cacheable);
}

function lookupMethod(original: AnyMethod, step: StoreStep): BoundMethod {
  const { condition, addressing } = step.parts;
  if (condition !== undefined) return new LookupMethod(original, step);
  if (addressing instanceof AddressingByArguments) return new ArgumentsLookupMethod(original, step, addressing.keys);
  return addressing.key === undefined
    ? new LookupMethod(original, step)
    : new KeyLookupMethod(original, step, addressing.key);
}

/**
 * A method of which nothing told what it returns: its first call runs it, whatever the cache has, and learns that from the
 * result. A promise makes of that call a load like any other. A synchronous result passes through uncached; the next call
 * is refused.
 *
 * What was returned before a load had its fence may be older than what was invalidated meanwhile: such a load is not
 * stored.
 */
class UnknownMethod extends BoundMethod {
  private learnt: BoundMethod | undefined = undefined;
  private wasSynchronous = false;

  constructor(private readonly parts: BoundMethodParts) {
    super();
  }

  call(self: unknown, args: Arguments): unknown {
    if (this.learnt !== undefined) return this.learnt.call(self, args);
    if (this.wasSynchronous) throw synchronousMethod(this.parts.label);
    const { chain, original } = this.parts;
    const plan = chain.plan(args);
    const call = (): unknown => Reflect.apply(original, self, args);
    const probe = chain.probe(plan, args, call) ?? { returned: call() };
    if ('loaded' in probe) {
      this.learn('promise');
      return chain.conclude(plan, args, probe.loaded);
    }
    const kind = kindOf(probe.returned);
    this.wasSynchronous = kind === 'sync';
    if (kind === 'sync' || chain.isEmpty) return probe.returned;
    return this.learn(kind).resume(plan, args, returnedNow(probe));
  }

  private learn(kind: Exclude<ResultKind, 'unknown'>): WholeMethod {
    const method = whole(kind, this.parts);
    this.learnt = shortened(kind, this.parts) ?? method;
    return method;
  }
}

/**
 * What was returned at this moment. A load that begins later, as a sequence's does when somebody subscribes, stores it
 * only where nothing has changed since; and it is told what was said.
 */
function returnedNow({ returned, said, isUntouched }: Pick<Unloaded, 'returned'> & Partial<Unloaded>): Returned {
  let isNow = true;
  queueMicrotask(() => (isNow = false));
  return (load) => {
    if (load === undefined) return returned;
    if ((!isNow && isUntouched?.() !== true) || said?.skipped) load.skip();
    if (said?.ttlMs !== undefined) load.ttl(said.ttlMs);
    if (said !== undefined) load.groups(...said.moreGroups);
    return returned;
  };
}

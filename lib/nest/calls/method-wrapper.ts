import { Inject, Optional } from '@nestjs/common';
import { CacheMisuseError } from '../../core/index.js';
import { CallSite } from './call-site.js';
import {
  addOperation,
  addRecord,
  classNameOf,
  copyMetadata,
  hasRecords,
  ownRecord,
  type MethodRecord,
} from '../operations/metadata.js';
import type { AnyMethod } from '../operations/method-types.js';
import type { Operation } from '../operations/operation.js';
import { isRuntimeHolder } from './runtime-holder.js';
import { RUNTIME, RUNTIME_TOKEN } from '../operations/tokens.js';

/** What a method decorator of ours is called with, before we know that it stands on a method. */
export interface Decorated {
  readonly target: object;
  readonly name: string | symbol;
  readonly descriptor: PropertyDescriptor | undefined;
}

/**
 * Records an operation on a method. The first one also puts a wrapper in the method's place; later ones find its record
 * and only add to it, however many other decorators stand between.
 */
export function decorateMethod({ target, name, descriptor }: Decorated, operation: Operation): void {
  const known = ownRecord(target, name);
  if (known !== undefined) {
    refuseToGoTogether(known, operation);
    addOperation(known, operation);
    return;
  }
  // requireMethod() was here before: the value is a method.
  const method = descriptor as TypedPropertyDescriptor<AnyMethod> & { value: AnyMethod };
  const record = wrap(target, name, method.value, operation);
  if (!hasRecords(target)) injectRuntime(target);
  addRecord(record);
  method.value = record.wrapper;
}

/** Refuses what is no instance method; every decorator of ours calls it first. */
export function requireMethod(decorator: string, { target, name, descriptor }: Decorated): string {
  const isStatic = typeof target === 'function';
  const label = `${isStatic ? target.name : classNameOf(target)}.${String(name)}`;
  if (isStatic) {
    throw new CacheMisuseError(
      `${decorator} stands on the static member ${label}, which has no application; make it an instance method of a provider`,
    );
  }
  if (typeof descriptor?.value !== 'function') {
    throw new CacheMisuseError(`${decorator} stands on ${label}, which is no method; put it on an instance method`);
  }
  return label;
}

function refuseToGoTogether({ prototype, name, operations }: MethodRecord, { kind }: Operation): void {
  const kinds = [...operations.map((operation) => operation.kind), kind];
  const count = (counted: Operation['kind']): number => kinds.filter((other) => other === counted).length;
  const label = `${classNameOf(prototype)}.${String(name)}`;
  if (count('cacheable') > 1) {
    throw new CacheMisuseError(
      `${label} has two @Cacheable decorators; keep one: a call has one place to be looked up`,
    );
  }
  if (count('cacheableAll') > 0 && count('cacheableAll') + count('cacheable') + count('put') > 1) {
    throw new CacheMisuseError(
      `${label} has a @CacheableAll beside another decorator that stores its result; keep one: ` +
        `the result is a value for each id, or one value`,
    );
  }
}

function wrap(prototype: object, name: string | symbol, original: AnyMethod, operation: Operation): MethodRecord {
  const record: MethodRecord = { prototype, name, original, wrapper: original, operations: [operation] };
  const site = new CallSite(record);
  // The hot path: see CallSite. Nothing else may happen here. A method, so that it is no constructor.
  const { wrapper } = {
    wrapper(this: unknown, ...args: never[]): unknown {
      const bound = site.serves(this) ? site.bound : site.find(this);
      if (args.length === 1) return bound.callWithOne(this, args[0]);
      return args.length === 2 ? bound.callWithTwo(this, args[0], args[1]) : bound.callWithAny(this, ...args);
    },
  };
  disguise(wrapper, original);
  return Object.assign(record, { wrapper });
}

/** Makes the wrapper look like the method: its name, its length, what others left on it. */
function disguise(wrapper: AnyMethod, original: AnyMethod): void {
  for (const key of Reflect.ownKeys(original)) {
    if (key !== 'prototype') Object.defineProperty(wrapper, key, Object.getOwnPropertyDescriptor(original, key) ?? {});
  }
  copyMetadata(original, wrapper);
}

/**
 * Lets Nest hand the app's runtime to every instance that it builds of this class, or of one that inherits from it. Nest
 * assigns it; the setter makes of that a property which no copy, comparison or listing of the instance shows.
 */
function injectRuntime(prototype: object): void {
  Optional()(prototype, RUNTIME);
  Inject(RUNTIME_TOKEN)(prototype, RUNTIME);
  Object.defineProperty(prototype, RUNTIME, {
    configurable: true,
    get: () => undefined,
    set(this: object, value: unknown) {
      const kept = isRuntimeHolder(value) ? value.ofClass(Object.getPrototypeOf(this) as object) : value;
      Object.defineProperty(this, RUNTIME, { value: kept, writable: true, configurable: true });
    },
  });
}

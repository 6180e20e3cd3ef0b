import type { CacheRuntime } from './cache-runtime.js';

const BRAND = Symbol.for('nestjs-strata:runtime-holder');

/**
 * What Nest injects into decorated instances. A plain object around the runtime: tools that wrap every provider to trace
 * its functions then trace nothing of ours.
 */
export class RuntimeHolder {
  readonly [BRAND] = true;
  private readonly ofClasses = new WeakMap<object, ClassHolder>();

  constructor(readonly runtime: CacheRuntime) {}

  /** What an instance with this prototype keeps. */
  ofClass(prototype: object): ClassHolder {
    let holder = this.ofClasses.get(prototype);
    if (holder === undefined) this.ofClasses.set(prototype, (holder = new ClassHolder(this.runtime, prototype)));
    return holder;
  }
}

/** The runtime of an app for one class. Decorated methods compare it by identity only, which tells them both at once. */
export class ClassHolder {
  readonly [BRAND] = true;

  constructor(
    readonly runtime: CacheRuntime,
    readonly prototype: object,
  ) {}
}

/** Tells it from the mocks that test tools inject for every token they do not know, some of which have every property. */
export function isRuntimeHolder(injected: unknown): injected is RuntimeHolder {
  return isBranded(injected) && 'ofClass' in injected;
}

/** Whether an instance was given a runtime, and not a mock of one. */
export function isClassHolder(kept: unknown): kept is ClassHolder {
  return isBranded(kept) && 'prototype' in kept;
}

function isBranded(given: unknown): given is object {
  return typeof given === 'object' && given !== null && (given as { readonly [BRAND]?: unknown })[BRAND] === true;
}

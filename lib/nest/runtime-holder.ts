import type { CacheRuntime } from './cache-runtime.js';

const BRAND = Symbol.for('nestjs-strata:runtime-holder');

/**
 * What Nest injects into decorated instances. A plain object around the runtime: tools that wrap every provider to trace
 * its functions then trace nothing of ours, and decorated methods compare it by identity only.
 */
export class RuntimeHolder {
  readonly [BRAND] = true;

  constructor(readonly runtime: CacheRuntime) {}
}

/** Tells it from the mocks that test tools inject for every token they do not know, some of which have every property. */
export function isRuntimeHolder(injected: unknown): injected is RuntimeHolder {
  return typeof injected === 'object' && injected !== null && (injected as Partial<RuntimeHolder>)[BRAND] === true;
}

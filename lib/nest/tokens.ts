import type { AnyDefinition } from '../cache/index.js';

/**
 * The property under which every instance with decorated methods finds its app's runtime. Nest sets it by property
 * injection. The same symbol in every copy of this package.
 */
export const RUNTIME: unique symbol = Symbol.for('nestjs-strata:runtime') as never;

/** The token of what is injected there. */
export const RUNTIME_TOKEN = Symbol.for('nestjs-strata:runtime-token');

/** The injection token of a cache: what `@InjectCache` asks for, and what a test overrides. */
export function getCacheToken(cache: AnyDefinition | string): symbol {
  return Symbol.for(`nestjs-strata:cache:${typeof cache === 'string' ? cache : cache.name}`);
}

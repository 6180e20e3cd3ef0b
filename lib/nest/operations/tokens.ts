import { isDefinition, type AnyDefinition } from '../../cache/index.js';
import { CacheMisuseError, show } from '../../core/index.js';

/**
 * The property under which every instance with decorated methods finds its app's runtime. Nest sets it by property
 * injection. The same symbol in every copy of this package.
 */
export const RUNTIME: unique symbol = Symbol.for('nestjs-strata:runtime') as never;

/** The token of what is injected there. */
export const RUNTIME_TOKEN = Symbol.for('nestjs-strata:runtime-token');

/** The same for the routes with `@HttpCache`. */
export const HTTP_RUNTIME: unique symbol = Symbol.for('nestjs-strata:http-runtime-of') as never;
export const HTTP_RUNTIME_TOKEN = Symbol.for('nestjs-strata:http-runtime-token');

/** The injection token of a cache: what `@InjectCache` asks for, and what a test overrides. */
export function getCacheToken(cache: AnyDefinition | string): symbol {
  if (typeof cache !== 'string' && !isDefinition(cache)) throw notACache(cache);
  return Symbol.for(`nestjs-strata:cache:${typeof cache === 'string' ? cache : cache.name}`);
}

function notACache(given: unknown): CacheMisuseError {
  return new CacheMisuseError(
    given === undefined
      ? 'the cache to inject is undefined, most likely because of a circular import: the file that defines it imports, ' +
          'by whatever way, the file that injects it; define it in a file of its own, or inject it by its name'
      : `the cache to inject is ${show(given)}; give a definition made with defineCache(), or the name of one`,
  );
}

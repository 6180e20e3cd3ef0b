import type { ConfigurableModuleAsyncOptions } from '@nestjs/common';
import type { AnyDefinition, CacheDefaults, CachePorts, Surroundings } from '../../cache/index.js';
import { CacheOptionsError, OptionProblems } from '../../core/index.js';
import { isDefinition } from '../../cache/index.js';

/** What `CacheModule.forRoot()` takes. */
export interface CacheModuleOptions extends CachePorts, Surroundings {
  /** Options of every cache that does not name them itself, the methods' own included. */
  readonly defaults?: CacheDefaults;
  /** The caches that every module may inject and name in decorators. */
  readonly caches?: readonly AnyDefinition[];
}

/** What the class of `forRootAsync({ useClass })` or `useExisting` implements. */
export interface CacheOptionsFactory {
  createCacheOptions(): CacheModuleOptions | Promise<CacheModuleOptions>;
}

/** What `CacheModule.forRootAsync()` takes. Caches to inject stand beside the factory, for Nest must know them earlier. */
export type CacheModuleAsyncOptions = ConfigurableModuleAsyncOptions<CacheModuleOptions, 'createCacheOptions'> &
  Pick<CacheModuleOptions, 'caches'>;

/** The options checked, with every default in place. */
export interface CacheModuleSettings extends CachePorts, Surroundings {
  readonly defaults: CacheDefaults;
  readonly caches: readonly AnyDefinition[];
}

/** Refuses what cannot have options at all. */
export function requireOptionsObject(caller: string, given: unknown): void {
  if (typeof given === 'object' && given !== null) return;
  throw new CacheOptionsError(caller, [
    { option: 'options', rule: 'must be an object; a factory must return one', received: given },
  ]);
}

/** Nest's own error for what is missing here names neither the module nor the option. */
export function requireAsyncOptions(caller: string, given: CacheModuleAsyncOptions): void {
  requireOptionsObject(caller, given);
  const { useFactory, useClass, useExisting } = given;
  if (typeof useFactory === 'function' || useClass !== undefined || useExisting !== undefined) return;
  throw new CacheOptionsError(caller, [
    {
      option: 'useFactory',
      rule: 'must be a function that returns the options; or give useClass or useExisting',
      received: useFactory,
    },
  ]);
}

/** Throws every problem in one error. */
export function resolveModuleOptions(given: CacheModuleOptions): CacheModuleSettings {
  requireOptionsObject('CacheModule.forRoot()', given);
  const problems = new OptionProblems('CacheModule.forRoot()');
  problems.refuseUnknown(given, [
    'defaults',
    'caches',
    'clock',
    'random',
    'heap',
    'namespace',
    'tiers',
    'bus',
    'memory',
  ]);
  const { defaults = {}, caches = [], clock, random, heap, namespace, tiers, bus, memory } = given;
  problems.require(typeof defaults === 'object' && defaults !== null, 'defaults', 'must be an object', defaults);
  const areDefinitions = Array.isArray(caches) && caches.every(isDefinition);
  problems.require(areDefinitions, 'caches', 'must be a list of definitions made with defineCache()', caches);
  problems.throwIfAny();
  return { defaults, caches, clock, random, heap, namespace, tiers, bus, memory };
}

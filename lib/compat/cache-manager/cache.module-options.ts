import type { ConfigurableModuleAsyncOptions, Provider, Type } from '@nestjs/common';
import type { CreateCacheOptions } from './cache-manager.options.js';
import type { CacheManagerStore } from './keyv-adapter.js';
import type { StoreLike } from './store-values.js';

/** What may stand in `stores`: a Keyv 5 or 6, what a Keyv is made of, a Map, a Cacheable, a store of cache-manager 5. */
export type AnyStore =
  StoreLike | CacheManagerStore | { get(key: string): unknown; set(key: string, value: unknown): unknown };

/** How the cache of a module is made. */
export interface CacheManagerOptions extends Omit<CreateCacheOptions, 'stores'> {
  /** The fastest first. @defaultValue one in memory, bounded by `max` */
  stores?: AnyStore | AnyStore[];
  /** Of stores that are put into a Keyv here. A Keyv that is given has its own. @defaultValue none */
  namespace?: string;
  /**
   * `'require'`: the app starts only when every store answers within its `timeout`; `'lazy'`: it starts without.
   * @defaultValue 'lazy'
   */
  startup?: 'lazy' | 'require';
}

/** Whatever a store of one's own takes. */
// oxlint-disable-next-line typescript/no-explicit-any -- only to a record of `any` can an interface be assigned
export type AnyStoreConfig = Record<string, any>;

/** The same with whatever a store of one's own takes. */
export type CacheOptions<StoreConfig extends AnyStoreConfig = AnyStoreConfig> = CacheManagerOptions & StoreConfig;

/** What `CacheModule.register()` takes. */
export type CacheModuleOptions<StoreConfig extends AnyStoreConfig = AnyStoreConfig> = CacheOptions<StoreConfig> & {
  /** Whether every module can inject the cache. @defaultValue false */
  isGlobal?: boolean;
};

/** What the class of `registerAsync({ useClass })` or `useExisting` implements. */
export interface CacheOptionsFactory<StoreConfig extends AnyStoreConfig = AnyStoreConfig> {
  createCacheOptions(): Promise<CacheOptions<StoreConfig>> | CacheOptions<StoreConfig>;
}

/** What `CacheModule.registerAsync()` takes. */
export interface CacheModuleAsyncOptions<
  StoreConfig extends AnyStoreConfig = AnyStoreConfig,
> extends ConfigurableModuleAsyncOptions<CacheOptions<StoreConfig>, keyof CacheOptionsFactory> {
  useExisting?: Type<CacheOptionsFactory<StoreConfig>>;
  useClass?: Type<CacheOptionsFactory<StoreConfig>>;
  // oxlint-disable-next-line typescript/no-explicit-any -- the arguments are what `inject` names, which no type can follow
  useFactory?: (...args: any[]) => Promise<CacheOptions<StoreConfig>> | CacheOptions<StoreConfig>;
  /** Providers of the module beside its own, for `inject`. */
  extraProviders?: Provider[];
  /** Whether every module can inject the cache. @defaultValue false */
  isGlobal?: boolean;
}

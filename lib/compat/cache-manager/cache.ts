import type { EventEmitter } from 'node:events';

/** How a value that is missing is loaded and kept by `wrap`. */
export interface WrapOptions<T> {
  /** Milliseconds, or a function of the value; `0` is without end. @defaultValue the cache's `ttl` */
  ttl?: number | ((value: T) => number);
  /** A value with less than that many milliseconds left is loaded anew behind. @defaultValue the cache's `refreshThreshold` */
  refreshThreshold?: number | ((value: T) => number);
}

/** The same for callers that want to know when the value ends. */
export type WrapOptionsRaw<T> = WrapOptions<T> & { raw: true };

/** A value with the instant, in milliseconds since 1970, when it ends; without one it does not. */
export interface StoredDataRaw<T> {
  value?: T;
  expires?: number | undefined;
}

/** What is told to those who listen with `on`. `store` is `'primary'` or `'secondary:n'` where it is about one store. */
export type Events = {
  get: <T>(data: { key: string; value?: T; error?: unknown; store?: string }) => void;
  mget: <T>(data: { keys: string[]; value?: T[]; error?: unknown }) => void;
  set: <T>(data: { key: string; value: T; error?: unknown; store?: string }) => void;
  mset: <T>(data: { list: Array<{ key: string; value: T; ttl?: number }>; error?: unknown }) => void;
  del: (data: { key: string; error?: unknown }) => void;
  clear: (error?: unknown) => void;
  refresh: <T>(data: { key: string; value: T; error?: unknown }) => void;
};

/** The methods of the cache of cache-manager 7, whose own `Cache` type it can be given for. */
export interface CacheMethods {
  /** The value of the first store that has one; `undefined` where there is none, `null` where that is the value. */
  get: <T>(key: string) => Promise<T | undefined>;
  mget: <T>(keys: string[]) => Promise<Array<T | undefined>>;
  /** The instant, in milliseconds since 1970, when the entry ends; `undefined` where it does not, or is not there. */
  ttl: (key: string) => Promise<number | undefined>;
  /** Stores in every store; `ttl` in milliseconds, `0` without end. Resolves with the value. */
  set: <T>(key: string, value: T, ttl?: number) => Promise<T>;
  mset: <T>(
    list: Array<{ key: string; value: T; ttl?: number }>,
  ) => Promise<Array<{ key: string; value: T; ttl?: number }>>;
  del: (key: string) => Promise<boolean>;
  mdel: (keys: string[]) => Promise<boolean>;
  /** Empties every store, in its namespace. */
  clear: () => Promise<boolean>;
  on: <E extends keyof Events>(event: E, listener: Events[E]) => EventEmitter;
  off: <E extends keyof Events>(event: E, listener: Events[E]) => EventEmitter;
  /** Ends the connections of the stores. */
  disconnect: () => Promise<undefined>;
  cacheId: () => string;
  /** The stores, the fastest first. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a Keyv of version 5, one of version 6 and our own: classes with private members, to which nothing but themselves and `any` can be assigned
  stores: any[];
  /** The value; a missing one is loaded, once for all who ask meanwhile, and stored unless it is `undefined`. */
  wrap<T>(
    key: string,
    fnc: () => T | Promise<T>,
    ttl?: number | ((value: T) => number),
    refreshThreshold?: number | ((value: T) => number),
  ): Promise<T>;
  wrap<T>(key: string, fnc: () => T | Promise<T>, options: WrapOptionsRaw<T>): Promise<StoredDataRaw<T>>;
  wrap<T>(key: string, fnc: () => T | Promise<T>, options: WrapOptions<T>): Promise<T>;
}

/** The cache, as a type and as a token: `constructor(private readonly cache: Cache)`. */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging -- a token for injection, of which nobody makes an instance
export abstract class Cache {}
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging -- see above
export interface Cache extends CacheMethods {}

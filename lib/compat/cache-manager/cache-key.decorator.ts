import { SetMetadata, type CustomDecorator, type ExecutionContext } from '@nestjs/common';
import { CACHE_KEY_METADATA } from './tokens.js';

/** The key of a call; `undefined` leaves the call uncached. */
export type CacheKeyFactory = (ctx: ExecutionContext) => string | Promise<string | undefined> | undefined;

/**
 * The key under which a `CacheInterceptor` keeps what a handler returns, instead of the URL of the request: a text, or a
 * function of the call. All calls with one key share one entry, whatever their arguments, their method and who asks.
 */
export const CacheKey = (key: string | CacheKeyFactory): CustomDecorator<string> =>
  SetMetadata(CACHE_KEY_METADATA, key);

import { SetMetadata, type CustomDecorator, type ExecutionContext } from '@nestjs/common';
import { CACHE_TTL_METADATA } from './tokens.js';

/** The milliseconds for which the result of a call is kept. */
export type CacheTTLFactory = (ctx: ExecutionContext) => Promise<number> | number;

/**
 * How long a `CacheInterceptor` keeps what a handler, or each handler of a class, returns: milliseconds, or a function of
 * the call. `0` is without end. The handler's wins over the class's, and that over the `ttl` of the module.
 */
export const CacheTTL = (ttl: number | CacheTTLFactory): CustomDecorator<string> =>
  SetMetadata(CACHE_TTL_METADATA, ttl);

import { CacheError } from '../../core/index.js';

/** Redis, or the connection to it, is not available. A call that was under way may have had its effect or not. */
export class RedisError extends CacheError {
  readonly code = 'CACHE_TIER';

  constructor(
    /** `host:port`, or several of them, without credentials. */
    readonly target: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`Redis at ${target} is not available: ${problem}`, options);
  }
}

import { CacheError } from '../../core/index.js';

/** A Memcached server, or the connection to it, could not do what was asked. The call may have had its effect or not. */
export class MemcachedError extends CacheError {
  readonly code = 'CACHE_TIER';
  /** The server refused an item for its size; what stood there before is gone. */
  readonly isTooLarge: boolean;

  constructor(
    /** `host:port`, as in the options. */
    readonly server: string,
    problem: string,
    options: ErrorOptions & { readonly isTooLarge?: boolean } = {},
  ) {
    super(`memcached at ${server} ${problem}`, options);
    this.isTooLarge = options.isTooLarge === true;
  }
}

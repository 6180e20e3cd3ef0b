import { CacheError } from '../core/index.js';

/** A call of a tier was not answered within its deadline. It may take effect all the same. */
export class TierTimeoutError extends CacheError {
  readonly code = 'CACHE_TIER_TIMEOUT';

  constructor(
    readonly tier: string,
    readonly operation: string,
    readonly timeoutMs: number,
  ) {
    super(
      `tier "${tier}" did not answer "${operation}" within ${timeoutMs} ms; ` +
        `look at its server and the way to it, or raise the tier's timeout`,
    );
  }
}

/** A call of a tier that was not tried, because too many failed before: its breaker is open. */
export class TierUnavailableError extends CacheError {
  readonly code = 'CACHE_TIER_UNAVAILABLE';

  constructor(readonly tier: string) {
    super(`tier "${tier}" is not asked for a while: too many calls failed; the events before this one say how`);
  }
}

/** A tier answered something that is no answer to the question. */
export class TierReplyError extends CacheError {
  readonly code = 'CACHE_TIER_REPLY';

  constructor(
    readonly tier: string,
    readonly operation: string,
    problem: string,
  ) {
    super(`tier "${tier}" answered "${operation}" with ${problem}; test it with the contract suite for tiers`);
  }
}

import type { HttpExchange } from './http-exchange.js';
import type { HttpRequest } from './http-message.js';

const CLAIM = Symbol.for('nestjs-strata:http-claim');

/** A request that an interceptor has taken to the cache already: nobody further in does it again. */
export interface Claim {
  exchange: HttpExchange | undefined;
}

interface Claimed extends HttpRequest {
  [CLAIM]?: Claim;
}

export function claimOf(request: HttpRequest): Claim | undefined {
  return (request as Claimed)[CLAIM];
}

export function claim(request: HttpRequest): Claim {
  return ((request as Claimed)[CLAIM] = { exchange: undefined });
}

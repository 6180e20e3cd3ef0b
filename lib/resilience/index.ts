export { ChangeLog, type Fence, type Target } from './change-log.js';
export { Flight, FlightTable } from './flight.js';
export { CircuitBreaker, type BreakerState, type Permit } from './circuit-breaker.js';
export { Deadlines, type Attempt } from './deadline.js';
export { GuardedTier } from './guarded-tier.js';
export type { Operation } from './pending-operations.js';
export { RecoveryQueue, type RecoverySettings, type RecoveryTarget } from './recovery-queue.js';
export { TierReplyError, TierTimeoutError, TierUnavailableError } from './tier-errors.js';

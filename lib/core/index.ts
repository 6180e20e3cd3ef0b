export type { Heap, HeapCollection, HeapReading } from './heap.js';
export { systemClock, COARSE_MARGIN_MS, type Cancel, type Clock } from './clock.js';
export { commonOffsetMs } from './common-time.js';
export { seededRandom, systemRandom, type Random } from './random.js';
export { BYTES_RULE, toBytes } from './bytes.js';
export type { CachePort } from './cache-port.js';
export { DURATION_RULE, toMilliseconds, type Duration } from './duration.js';
export {
  CacheClosedError,
  CacheEntryTooLargeError,
  CacheError,
  CacheLoadFailedError,
  CacheLoadTimeoutError,
  CacheMisuseError,
  CacheNoLoaderError,
  CacheOptionsError,
  CacheReentrancyError,
  CacheSnapshotError,
  CacheTierError,
  CacheUnknownError,
  CacheUnusableEntryError,
  isCacheError,
  show,
  type CacheErrorCode,
  type OptionProblem,
  type SnapshotFailure,
} from './errors.js';
export { firstDefined, OptionProblems } from './options.js';
export {
  CACHE_EVENT_TYPES,
  type CacheEvent,
  type CacheEventCause,
  type CacheEventType,
  type TierOperation,
} from './events.js';
export { Emitter, OBSERVABLE, type Observer, type Subscribable, type Unsubscribable, type Wants } from './emitter.js';
export { EventBuffer, type EventBatch } from './event-buffer.js';
export {
  toldAbout,
  type CacheProgress,
  type SnapshotNews,
  type SnapshotReport,
  type SnapshotSource,
  type SnapshotTarget,
  type ValueSerializer,
} from './snapshot.js';
export { compileGlob, escapeGlob, MAX_GLOB_ALTERNATIVES } from './glob.js';
export { LatencyHistogram, type LatencyStats } from './histogram.js';
export { canonical, canonicalArguments, NOT_PRIMITIVE, parseCanonicalPrimitive } from './canonical.js';

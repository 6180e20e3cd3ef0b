export {
  classCodec,
  jsonSerializer,
  msgpackSerializer,
  taggedSerializer,
  type CodecOption,
  type CompressionOptions,
  type Serializer,
} from '../codec/index.js';
export type { KeyPattern } from '../engine/index.js';
export type { Cache, EntryInfo } from './api/cache.js';
export type {
  CacheOptions,
  CachePorts,
  EntryOptions,
  LoadOptions,
  LoadTimeout,
  RefreshAhead,
} from './api/cache.options.js';
export type { CacheDefaults } from './settings/settings.js';
export type { BusStats, CacheStats, TierStats } from './statistics/cache.stats.js';
export type { HotKey } from './statistics/hot-keys.js';
export type { CacheEvents } from './events/event-stream.js';
export {
  bufferedEvents,
  eventBatches,
  type BufferedEventsOptions,
  type EventBatchOptions,
} from './events/buffered-events.js';
export type { BulkLoader, LoadContext, Loader } from './api/loader.js';
export {
  defineCache,
  defineMemoryCache,
  isDefinition,
  type AnyDefinition,
  type CacheDefinition,
  type MemoryCacheDefinition,
  type MemoryDefinitionOptions,
} from './api/definition.js';
export type { MemoryNews, MemoryState } from './memory/memory-governor.js';
export type { LinkNews } from './shared/tier-links.js';
export type { MemoryOption, MemoryOptions } from './api/memory.options.js';
export type { Surroundings } from './settings/shared-settings.js';
export { createCache, type ClosableCache, type CreateCacheOptions } from './create-cache.js';
export { CacheRegistry, type MethodCache, type RegistryStats } from './cache-registry.js';
export type { Instrument, InstrumentedLoad, MeasuredStep } from './statistics/instruments.js';
export { asyncContext, type AsyncContext } from './loads/async-context.js';
export { currentLoad } from './loads/current-load.js';
export type { IndexedCache } from './indexed-cache.js';
export { limitStaleness, type Said } from './loads/load-context.js';
export type { Probe, Unloaded } from './loads/probes.js';
export { isOwnIndex, MethodKeyCodec, type KeyCodec } from './keys/key-codec.js';
export type { SnapshotOptions } from './api/snapshot.options.js';
export {
  isWarmList,
  resolveWarmSchedule,
  WARM_LIST_RULE,
  type WarmList,
  type WarmOptions,
  type WarmSchedule,
  type WarmSettings,
} from './api/warm.options.js';
export type { WarmPiece, WarmWork } from './background/warm-run.js';
export { listOf, totalOf } from './background/warm-sources.js';
export type { BackgroundNews } from './background/work-news.js';
export type { Warming } from './background/warming.js';
export { settingsOfCache, type CallSettings } from './settings/call-settings.js';
export { digest } from './keys/digest.js';

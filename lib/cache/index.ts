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
export type { Cache, EntryInfo } from './cache.js';
export type {
  CacheOptions,
  CachePorts,
  EntryOptions,
  LoadOptions,
  LoadTimeout,
  RefreshAhead,
} from './cache.options.js';
export type { CacheDefaults } from './settings.js';
export type { BusStats, CacheStats, TierStats } from './cache.stats.js';
export type { HotKey } from './hot-keys.js';
export type { CacheEvents } from './event-stream.js';
export { bufferedEvents, eventBatches, type BufferedEventsOptions, type EventBatchOptions } from './buffered-events.js';
export type { BulkLoader, LoadContext, Loader } from './loader.js';
export {
  defineCache,
  defineMemoryCache,
  isDefinition,
  type AnyDefinition,
  type CacheDefinition,
  type MemoryCacheDefinition,
  type MemoryDefinitionOptions,
} from './definition.js';
export type { MemoryNews, MemoryState } from './memory-governor.js';
export type { MemoryOption, MemoryOptions } from './memory.options.js';
export type { Surroundings } from './shared-settings.js';
export { createCache, type ClosableCache, type CreateCacheOptions } from './create-cache.js';
export { CacheRegistry, type MethodCache, type RegistryStats } from './cache-registry.js';
export type { Instrument, InstrumentedLoad, MeasuredStep } from './instruments.js';
export { asyncContext, type AsyncContext } from './async-context.js';
export { currentLoad } from './current-load.js';
export type { IndexedCache } from './indexed-cache.js';
export { limitStaleness, type Said } from './load-context.js';
export type { Probe, Unloaded } from './probes.js';
export { MethodKeyCodec, type KeyCodec } from './key-codec.js';
export type { SnapshotOptions } from './snapshot.options.js';
export {
  isWarmList,
  resolveWarmSchedule,
  WARM_LIST_RULE,
  type WarmList,
  type WarmOptions,
  type WarmSchedule,
  type WarmSettings,
} from './warm.options.js';
export type { WarmPiece, WarmWork } from './warm-run.js';
export { listOf, totalOf } from './warm-sources.js';
export type { BackgroundNews } from './work-news.js';
export type { Warming } from './warming.js';
export { settingsOfCache, type CallSettings } from './call-settings.js';
export { digest } from './digest.js';

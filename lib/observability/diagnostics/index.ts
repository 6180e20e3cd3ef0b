export { CacheDiagnosticsModule } from './cache-diagnostics.module.js';
export { channelOf, publishDiagnostics, type LoadMessage } from './channels.js';
export { CacheLogModule } from './cache-log.module.js';
export { logCacheEvents, type CacheLogOptions } from './event-log.js';
export type { LogLine } from './log-line.js';

import { observerModule } from '../module/index.js';
import { logCacheEvents, type CacheLogOptions } from './event-log.js';

/** Logs trouble of every cache of the app, and its end, through Nest's `Logger`. Needs `CacheModule.forRoot()`. */
export class CacheLogModule extends observerModule<CacheLogOptions>('CacheLogModule', logCacheEvents) {}

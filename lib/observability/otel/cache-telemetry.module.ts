import { observerModule } from '../module/index.js';
import { exportTelemetry, type CacheTelemetryOptions } from './telemetry.js';

/**
 * Tells OpenTelemetry of every cache of the app: metrics, and a span for each load. Needs `CacheModule.forRoot()`, and an
 * SDK that is started before the app.
 */
export class CacheTelemetryModule extends observerModule<CacheTelemetryOptions>(
  'CacheTelemetryModule',
  exportTelemetry,
) {}

export { CacheTelemetryModule } from './cache-telemetry.module.js';
export { exportTelemetry, type CacheTelemetryOptions } from './telemetry.js';

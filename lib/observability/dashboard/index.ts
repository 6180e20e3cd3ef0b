export { CacheDashboardModule } from './dashboard.module.js';
export type { CacheDashboardOptions, ValueShown } from './dashboard.options.js';

import type { CacheRegistry } from '../../cache/index.js';
import { CacheMisuseError } from '../../core/index.js';

/** The registry of the app, which has one with `CacheModule.forRoot()`. */
export function requireRegistry(module: string, registry: CacheRegistry | undefined): CacheRegistry {
  if (registry !== undefined) return registry;
  throw new CacheMisuseError(`${module} needs CacheModule.forRoot() in the root module`);
}

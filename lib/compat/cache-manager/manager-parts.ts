import type { ChangeLog } from '../../resilience/index.js';
import type { ManagerSettings } from './cache-manager.options.js';
import type { ManagerEvents } from './manager-events.js';
import type { StoreLink } from './store-link.js';

/** What the steps of one cache share. */
export interface ManagerParts {
  /** The fastest first; at least one. */
  readonly links: readonly StoreLink[];
  readonly settings: ManagerSettings;
  readonly events: ManagerEvents;
  /** What changed while something was read or loaded that is to be stored. */
  readonly changes: ChangeLog;
}

/** Milliseconds that a store above may keep what one below keeps until `expires`: no longer than that, nor than its own. */
export function ttlAbove(
  { settings }: ManagerParts,
  link: StoreLink,
  expires: number | undefined,
  ttl: number | undefined = settings.ttl,
): number {
  const leftMs = expires === undefined ? Infinity : expires - settings.clock.epochMs();
  // Without end is 0 to a Keyv, and so is a ttl that it was not given.
  const ownMs = ttl === undefined ? link.ttl : ttl === 0 ? Infinity : ttl;
  return Math.min(leftMs, ownMs);
}

/** A ttl as a store takes it. */
export function ttlForStore(ttlMs: number): number | undefined {
  return ttlMs === Infinity ? 0 : ttlMs;
}

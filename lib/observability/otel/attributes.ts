/*
 * The names of attributes. OpenTelemetry has no conventions for caches, so ours are below `strata.`, as it asks of what is
 * an application's own; those that it has are used as they are: `error.type`.
 */

export const CACHE_NAME = 'strata.cache.name';
/** `load`, or `refresh` of a value that is still served. */
export const LOAD_CAUSE = 'strata.load.cause';
/** How many keys the run of a loader is for. */
export const LOAD_KEYS = 'strata.load.keys';
/** Only where it is asked for: a key may be somebody's name. */
export const LOAD_KEY = 'strata.load.key';
export const TIER_NAME = 'strata.tier.name';
/** `read` or `write`. */
export const TIER_OPERATION = 'strata.tier.operation';

/** The class of a failure, of which there are few: a code where the error has one, else its name. */
export const ERROR_TYPE = 'error.type';

export function errorType(error: unknown): string {
  if (!(error instanceof Error)) return '_OTHER';
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : error.name;
}

/** The attribute of a metric's label: `result` is `strata.cache.result` of `cache.lookups`, `tier` is the tier's name. */
export function attributeOf(label: string, metric: string): string {
  if (label === 'tier') return TIER_NAME;
  const [subject] = metric.split('.');
  return label === 'bus' ? 'strata.bus.name' : `strata.${subject}.${label}`;
}

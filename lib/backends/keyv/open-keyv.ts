import { CacheMisuseError } from '../../core/index.js';
import type { KeyvAdapter, KeyvInstance } from './keyv.tier.options.js';

/** What the Keyv is told; a `namespace` that is given as `undefined` is none, where one that is left out is Keyv's own. */
export interface OpenKeyvOptions {
  /** Milliseconds of entries that are stored without a ttl. */
  readonly ttl?: number | undefined;
  readonly namespace?: string | undefined;
  /** Whether failing calls reject, beside the event `error`. */
  readonly throwOnErrors?: boolean;
}

/** A Keyv over what a Keyv is made of, by the user's own version of the package `keyv`, which is loaded here. */
export async function openKeyv(
  store: KeyvAdapter,
  options: OpenKeyvOptions,
  askedBy = 'openKeyv()',
): Promise<KeyvInstance> {
  let keyv;
  try {
    keyv = await import('keyv');
  } catch (cause) {
    throw new CacheMisuseError(`${askedBy} needs the package keyv, which cannot be loaded; run: npm install keyv`, {
      cause,
    });
  }
  return new keyv.Keyv({ store, ...options });
}

import { digest } from '../../cache/index.js';

/**
 * A validator of a body (RFC 9110, 8.8.3). A strong one promises equal bytes, which a compression behind the app breaks;
 * a weak one promises an equal meaning.
 */
export function entityTag(kind: 'strong' | 'weak', body: Uint8Array, contentType: string): string {
  const opaque = `"${digest(body, contentType)}"`;
  return kind === 'strong' ? opaque : `W/${opaque}`;
}

/** Longer fields are not read: then nothing matches, and the whole response is sent. */
const MAX_LENGTH = 8_000;
const TAG = /\s*(?:(\*)|(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*"))\s*(?:,|$)/y;

/** Whether `If-None-Match` names this validator: weakly compared (RFC 9110, 13.1.2), so that `W/"a"` and `"a"` are one. */
export function matchesTag(ifNoneMatch: string, etag: string | undefined): boolean {
  if (ifNoneMatch.length > MAX_LENGTH) return false;
  if (ifNoneMatch.trim() === '*') return true;
  if (etag === undefined) return false;
  if (ifNoneMatch === etag) return true;
  const opaque = etag.startsWith('W/') ? etag.slice(2) : etag;
  TAG.lastIndex = 0;
  for (let match = TAG.exec(ifNoneMatch); match !== null && match[0] !== ''; match = TAG.exec(ifNoneMatch)) {
    if (match[2] === opaque) return true;
  }
  return false;
}

/** Whether a response is as old as `If-Modified-Since` says, or older (RFC 9110, 13.1.3). */
export function isUnmodifiedSince(ifModifiedSince: string, lastModified: string | undefined): boolean {
  if (lastModified === undefined) return false;
  const modifiedMs = Date.parse(lastModified);
  const sinceMs = Date.parse(ifModifiedSince);
  return Number.isFinite(modifiedMs) && Number.isFinite(sinceMs) && modifiedMs <= sinceMs;
}

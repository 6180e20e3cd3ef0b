import { createHash } from 'node:crypto';

/** 27 characters (160 bits of SHA-256, base64url) that no two different contents share, by accident or on purpose. */
export function digest(...contents: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const content of contents) hash.update(content).update('\0');
  return hash.digest('base64url').slice(0, 27);
}

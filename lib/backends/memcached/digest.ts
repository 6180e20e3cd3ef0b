import { createHash } from 'node:crypto';

/** 43 characters of A to Z, a to z, digits, `-` and `_` for any text. Of its UTF-16 code units: in UTF-8 all lone surrogates are the same. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text, 'utf16le').digest('base64url');
}

import { createHash } from 'node:crypto';
import { CacheMisuseError } from '../../core/index.js';

/** What a record is of; the first byte of its key, so that those of one kind and space stand together. */
export const RecordKind = { entry: 1, fence: 2, generation: 3, lease: 4 } as const;
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

/** How a text is written: as UTF-8, as UTF-16 where UTF-8 would lose half a surrogate pair, or as its hash where it is long. */
const Form = { utf8: 0, utf16: 1, sha256: 2 } as const;

/** LMDB takes keys of at most 1,978 bytes; a name longer than this is hashed, so a space and a name always fit. */
const MAX_NAME_BYTES = 1_024;
const MAX_SPACE_BYTES = 512;
/** Beyond that it is no key, but a mistake. */
const MAX_NAME_LENGTH = 2 ** 16;

/** The key of a record, and the name itself where the key only holds its hash. */
export interface RecordKey {
  readonly bytes: Buffer;
  readonly name: string | undefined;
}

/**
 * The keys of one kind in one space: `[kind, form, length of the space, space, form, name]`. The length makes it
 * injective: no name of one space reads as another space.
 */
export class RecordKeys {
  /** What all of them begin with. */
  readonly prefix: Buffer;

  constructor(kind: RecordKind, space: string) {
    const { form, bytes } = encoded(space, MAX_SPACE_BYTES);
    this.prefix = Buffer.concat([Buffer.from([kind, form, bytes.length >> 8, bytes.length & 0xff]), bytes]);
  }

  of(name: string): RecordKey {
    if (name.length > MAX_NAME_LENGTH) {
      throw new CacheMisuseError(
        `a key of ${name.length} characters does not fit into an lmdb tier; shorten it to ${MAX_NAME_LENGTH}, or hash it`,
      );
    }
    const { form, bytes } = encoded(name, MAX_NAME_BYTES);
    const key = Buffer.allocUnsafe(this.prefix.length + 1 + bytes.length);
    key.set(this.prefix);
    key[this.prefix.length] = form;
    key.set(bytes, this.prefix.length + 1);
    return { bytes: key, name: form === Form.sha256 ? name : undefined };
  }

  /** The name in a key of this kind and space; `undefined` where it only holds the hash. */
  nameIn(key: Buffer): string | undefined {
    const form = key[this.prefix.length];
    if (form === Form.sha256) return undefined;
    return key.toString(form === Form.utf16 ? 'utf16le' : 'utf8', this.prefix.length + 1);
  }

  /** Behind all of them. */
  get end(): Buffer {
    return Buffer.concat([this.prefix, Buffer.from([0xff])]);
  }
}

/** The keys of all kinds in one space. */
export class SpaceKeys {
  readonly entries: RecordKeys;
  readonly fences: RecordKeys;
  readonly generations: RecordKeys;
  readonly leases: RecordKeys;

  constructor(space: string) {
    this.entries = new RecordKeys(RecordKind.entry, space);
    this.fences = new RecordKeys(RecordKind.fence, space);
    this.generations = new RecordKeys(RecordKind.generation, space);
    this.leases = new RecordKeys(RecordKind.lease, space);
  }
}

function encoded(text: string, maxBytes: number): { readonly form: number; readonly bytes: Buffer } {
  const isWellFormed = !/[\uD800-\uDFFF]/.test(text) || Buffer.from(text).toString() === text;
  const bytes = Buffer.from(text, isWellFormed ? 'utf8' : 'utf16le');
  if (bytes.length <= maxBytes) return { form: isWellFormed ? Form.utf8 : Form.utf16, bytes };
  return { form: Form.sha256, bytes: createHash('sha256').update(text, 'utf16le').digest() };
}

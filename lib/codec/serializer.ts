import { CodecError } from './codec-error.js';

/**
 * Turns values into bytes and back. Both ways are synchronous, and `decode` neither executes anything that the bytes say
 * nor changes a prototype, whatever the bytes are: it throws, or returns some value.
 */
export interface Serializer {
  /** Stands in every envelope, so that a reader knows who wrote it: 16 to 255, the lower ones are ours. */
  readonly id: number;
  /** In messages. */
  readonly name: string;
  /** The bytes are read later, too: their memory must not be written again. */
  encode(value: unknown): Uint8Array;
  /** The value may keep the bytes; nobody writes them again. */
  decode(bytes: Uint8Array): unknown;
}

/** One whose bytes are the UTF-8 of a text: an envelope has it written where it is to stand, without bytes in between. */
export class TextSerializer implements Serializer {
  /** Somebody may put another in its place, which encrypts for example: then that is asked, and the text is not. */
  encode = (value: unknown): Uint8Array => Buffer.from(this.text(value));
  readonly encodesText = this.encode;

  constructor(
    readonly id: number,
    readonly name: string,
    readonly text: (value: unknown) => string,
    readonly decode: (bytes: Uint8Array) => unknown,
  ) {}
}

/** The serializers that come with the library: their names, by the ids that envelopes have. */
export const OWN_SERIALIZERS: ReadonlyMap<number, string> = new Map([
  [1, 'tagged'],
  [2, 'json'],
  [3, 'msgpack'],
]);

/**
 * JSON as it is, readable by everything: what JSON does not have is changed without a word (a Date becomes a string, a Map
 * `{}`, NaN `null`) or refused (a bigint). Choose it where others read the entries and the values are plain.
 */
export function jsonSerializer(): Serializer {
  return new TextSerializer(2, 'json', textOf, (bytes) => JSON.parse(utf8(bytes)));
}

/** The JSON text of a value that has one. */
export function textOf(value: unknown): string {
  const text = JSON.stringify(value);
  // Of undefined, a function or a symbol; the type of JSON.stringify does not say so.
  if (typeof (text as string | undefined) !== 'string') {
    throw new CodecError('unencodable', `${typeof value} has no JSON text`);
  }
  return text;
}

/** What we need of a MessagePack library: `new Packr({ useRecords: true })` of msgpackr has it. */
export interface MessagePack {
  pack(value: unknown): Uint8Array;
  unpack(bytes: Uint8Array): unknown;
}

/**
 * MessagePack by a library that is handed in, such as msgpackr: smaller than JSON, and faster for lists of like objects
 * with its records. What a value keeps is the library's to say. Each payload must stand for itself: no structures that
 * are shared between payloads, which another process or version does not have.
 */
export function msgpackSerializer(packr: MessagePack): Serializer {
  return {
    id: 3,
    name: 'msgpack',
    encode: (value) => packr.pack(value),
    decode: (bytes) => packr.unpack(bytes),
  };
}

/** The text of UTF-8 bytes, without copying them first. */
export function utf8(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString('utf8');
}

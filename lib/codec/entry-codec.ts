import { CodecError } from './codec-error.js';
import { compress, expand, isKnownCompression, UNCOMPRESSED, type CompressionSettings } from './compressor.js';
import {
  openEnvelope,
  problem,
  sealEnvelope,
  type EnvelopeFields,
  type EnvelopeProblem,
  type Payload,
} from './envelope.js';
import { TextSerializer, type Serializer } from './serializer.js';

export interface EntryCodecOptions {
  /** Writes values, and reads those it wrote. */
  readonly serializer: Serializer;
  /** `undefined`: nothing is compressed. Compressed entries are read all the same. */
  readonly compression: CompressionSettings | undefined;
  /** The most bytes of an envelope, and of a value in it before compression; both ways. */
  readonly maxEntryBytes: number;
  /** Read values that others wrote: of an earlier release of the application, for example. */
  readonly also?: readonly Serializer[];
}

/** An envelope whose value has not been looked at. */
export class OpenedEnvelope {
  readonly kind = 'envelope';

  constructor(
    readonly fields: EnvelopeFields,
    private readonly payload: Payload,
    private readonly serializer: Serializer,
  ) {}

  /** Decodes the value, anew with each call; later when there is much to expand. Throws, or rejects with, a `CodecError`. */
  value(): unknown {
    return decode(this.serializer, this.payload);
  }
}

/** Turns entries into bytes and back: a serializer, a compressor and an envelope around them. */
export class EntryCodec {
  private readonly serializer: Serializer;
  private readonly readable: ReadonlyMap<number, Serializer>;
  private readonly compression: CompressionSettings | undefined;
  private readonly maxEntryBytes: number;

  constructor({ serializer, compression, maxEntryBytes, also = [] }: EntryCodecOptions) {
    this.serializer = serializer;
    this.readable = new Map([...also, serializer].map((readable) => [readable.id, readable]));
    this.compression = compression;
    this.maxEntryBytes = maxEntryBytes;
  }

  /** The bytes of an entry; later when there is much to compress. Throws, or rejects with, a {@link CodecError}. */
  encode(fields: EnvelopeFields, value: unknown): Uint8Array | Promise<Uint8Array> {
    const raw = this.serialize(value);
    const rawLength = Buffer.byteLength(raw);
    this.refuseAbove(rawLength);
    if (this.compression === undefined || rawLength < this.compression.thresholdBytes) {
      return this.seal(fields, UNCOMPRESSED, raw, rawLength);
    }
    const compressed = compress(typeof raw === 'string' ? Buffer.from(raw) : raw, this.compression);
    return compressed instanceof Promise
      ? compressed.then(({ id, bytes }) => this.seal(fields, id, bytes, rawLength), unencodable)
      : this.seal(fields, compressed.id, compressed.bytes, rawLength);
  }

  /** What stands in these bytes, or why nothing does. Never throws. */
  open(bytes: Uint8Array): OpenedEnvelope | EnvelopeProblem {
    const envelope = openEnvelope(bytes);
    if (envelope.kind === 'problem') return envelope;
    const { fields, payload } = envelope;
    const serializer = this.readable.get(payload.serializer);
    if (serializer === undefined) {
      return problem(
        'serializer',
        `its value was written by serializer ${payload.serializer}, which is not known here`,
      );
    }
    if (!isKnownCompression(payload.compression)) {
      return problem('compression', `its compression ${payload.compression} is not known here`);
    }
    if (payload.rawLength > this.maxEntryBytes) {
      return problem(
        'compression',
        `its value of ${payload.rawLength} bytes is above the limit of ${this.maxEntryBytes}`,
      );
    }
    return new OpenedEnvelope(fields, payload, serializer);
  }

  /** Where it is a text, that: it is written once, where it is to stand. */
  private serialize(value: unknown): Uint8Array | string {
    const { serializer } = this;
    try {
      return serializer instanceof TextSerializer && serializer.encode === serializer.encodesText
        ? serializer.text(value)
        : serializer.encode(value);
    } catch (error) {
      if (error instanceof CodecError) throw error;
      throw new CodecError(
        'unencodable',
        `the serializer "${this.serializer.name}" cannot write the value: ${messageOf(error)}`,
        { cause: error },
      );
    }
  }

  private seal(fields: EnvelopeFields, compression: number, bytes: Uint8Array | string, rawLength: number): Uint8Array {
    const envelope = sealEnvelope(fields, { serializer: this.serializer.id, compression, rawLength, bytes });
    this.refuseAbove(envelope.length);
    return envelope;
  }

  private refuseAbove(byteCount: number): void {
    if (byteCount <= this.maxEntryBytes) return;
    throw new CodecError(
      'too-large',
      `the entry would have ${byteCount} bytes, and ${this.maxEntryBytes} are allowed; cache less of it, or in parts`,
    );
  }
}

function decode(serializer: Serializer, { compression, bytes, rawLength }: Payload): unknown {
  try {
    const raw = expand(compression, bytes, rawLength);
    return raw instanceof Promise
      ? raw.then((late) => serializer.decode(late)).catch((error: unknown) => undecodable(serializer, error))
      : serializer.decode(raw);
  } catch (error) {
    return undecodable(serializer, error);
  }
}

function undecodable({ name }: Serializer, error: unknown): never {
  throw new CodecError('undecodable', `the serializer "${name}" cannot read the value: ${messageOf(error)}`, {
    cause: error,
  });
}

function unencodable(error: unknown): never {
  throw new CodecError('unencodable', `the value cannot be compressed: ${messageOf(error)}`, { cause: error });
}

/** Clipped, as some quote the whole of what they could not read. */
function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.length > 200 ? `${message.slice(0, 200)}…` : message;
}

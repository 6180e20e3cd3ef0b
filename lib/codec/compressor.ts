import {
  brotliCompress,
  brotliCompressSync,
  brotliDecompress,
  brotliDecompressSync,
  constants,
  gunzip,
  gunzipSync,
  gzip,
  gzipSync,
  type BrotliOptions,
  type ZlibOptions,
} from 'node:zlib';

export type CompressionAlgorithm = 'brotli' | 'gzip';

/** When payloads are compressed, and how. */
export interface CompressionSettings {
  readonly algorithm: CompressionAlgorithm;
  /** Payloads of fewer bytes stay as they are. */
  readonly thresholdBytes: number;
}

/** Up to here the thread pool costs more than it saves; above, the event loop is not held up. */
const SYNC_BELOW_BYTES = 16 * 1024;
/** A payload stays as it is unless compression takes away at least this part of it: every reader pays for it. */
const MIN_GAIN = 0.1;

interface Algorithm {
  /** Stands in envelopes. */
  readonly id: number;
  readonly name: CompressionAlgorithm;
  compressSync(bytes: Uint8Array): Uint8Array;
  compress(bytes: Uint8Array): Promise<Uint8Array>;
  expandSync(bytes: Uint8Array, maxBytes: number): Uint8Array;
  expand(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array>;
}

// The lowest qualities: each higher one costs several times as much for a few per cent.
const gzipOptions: ZlibOptions = { level: 1 };
const brotliOptions = (bytes: Uint8Array): BrotliOptions => ({
  params: { [constants.BROTLI_PARAM_QUALITY]: 1, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
});
const ALGORITHMS: readonly Algorithm[] = [
  {
    id: 1,
    name: 'brotli',
    compressSync: (bytes) => brotliCompressSync(bytes, brotliOptions(bytes)),
    compress: (bytes) => promised((done) => brotliCompress(bytes, brotliOptions(bytes), done)),
    expandSync: (bytes, maxOutputLength) => brotliDecompressSync(bytes, { maxOutputLength }),
    expand: (bytes, maxOutputLength) => promised((done) => brotliDecompress(bytes, { maxOutputLength }, done)),
  },
  {
    id: 2,
    name: 'gzip',
    compressSync: (bytes) => gzipSync(bytes, gzipOptions),
    compress: (bytes) => promised((done) => gzip(bytes, gzipOptions, done)),
    expandSync: (bytes, maxOutputLength) => gunzipSync(bytes, { maxOutputLength }),
    expand: (bytes, maxOutputLength) => promised((done) => gunzip(bytes, { maxOutputLength }, done)),
  },
];

/** The id of a payload that is not compressed. */
export const UNCOMPRESSED = 0;

/** A payload as it is stored, and the id that says how. */
export interface CompressedPayload {
  readonly id: number;
  readonly bytes: Uint8Array;
}

/** The payload compressed, if it is long enough and gets shorter by it. */
export function compress(
  payload: Uint8Array,
  settings: CompressionSettings | undefined,
): CompressedPayload | Promise<CompressedPayload> {
  const plain = { id: UNCOMPRESSED, bytes: payload };
  if (settings === undefined || payload.length < settings.thresholdBytes) return plain;
  const algorithm = ALGORITHMS.find(({ name }) => name === settings.algorithm);
  if (algorithm === undefined) return plain;
  const shorter = (bytes: Uint8Array): CompressedPayload =>
    bytes.length <= payload.length * (1 - MIN_GAIN) ? { id: algorithm.id, bytes } : plain;
  return payload.length < SYNC_BELOW_BYTES
    ? shorter(algorithm.compressSync(payload))
    : algorithm.compress(payload).then(shorter);
}

/** Whether {@link expand} knows payloads with this id. */
export function isKnownCompression(id: number): boolean {
  return id === UNCOMPRESSED || ALGORITHMS.some((algorithm) => algorithm.id === id);
}

/** The payload as it was before compression. Throws, or rejects, unless that has exactly `rawLength` bytes; never makes more. */
export function expand(id: number, bytes: Uint8Array, rawLength: number): Uint8Array | Promise<Uint8Array> {
  const algorithm = id === UNCOMPRESSED ? undefined : ALGORITHMS.find((candidate) => candidate.id === id);
  if (algorithm === undefined) return checked(bytes, rawLength);
  // zlib asks for a limit of at least one byte.
  const maxBytes = Math.max(rawLength, 1);
  return rawLength < SYNC_BELOW_BYTES
    ? checked(algorithm.expandSync(bytes, maxBytes), rawLength)
    : algorithm.expand(bytes, maxBytes).then((expanded) => checked(expanded, rawLength));
}

function checked(expanded: Uint8Array, rawLength: number): Uint8Array {
  if (expanded.length === rawLength) return expanded;
  throw new RangeError(`it has ${expanded.length} bytes instead of ${rawLength}`);
}

/** A promise of this realm: users tell by `instanceof` whether the result comes later. */
function promised(start: (done: (error: Error | null, bytes: Uint8Array) => void) => void): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    start((error, bytes) => (error === null ? resolve(bytes) : reject(error)));
  });
}

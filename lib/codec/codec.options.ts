import { BYTES_RULE, toBytes, type OptionProblems } from '../core/index.js';
import type { CompressionSettings } from './compressor.js';
import { jsonSerializer, OWN_SERIALIZERS, type Serializer } from './serializer.js';
import { taggedSerializer } from './tagged-serializer.js';

/**
 * How values become bytes. `'tagged'`: JSON that also keeps Date, Map, Set, bigint, binary values and more. `'json'`: JSON
 * as it is. Or a serializer: `taggedSerializer({ classes })`, `msgpackSerializer(packr)`, or one of your own.
 */
export type CodecOption = 'tagged' | 'json' | Serializer;

/** Which values are compressed, and how. */
export interface CompressionOptions {
  /** `'gzip'` only where something reads the entries that has no brotli. @defaultValue 'brotli' */
  readonly algorithm?: 'brotli' | 'gzip';
  /** Values of fewer bytes are not compressed: bytes, or `'16kb'`; `1` tries it with all. @defaultValue '2kb' */
  readonly threshold?: number | string;
}

/** What turns values into bytes, resolved. */
export interface CodecSettings {
  readonly serializer: Serializer;
  readonly compression: CompressionSettings | undefined;
}

const COMPRESSION_OPTIONS: readonly (keyof CompressionOptions)[] = ['algorithm', 'threshold'];
const FIRST_FREE_ID = 16;

/** Checks the options `codec`, which is `'tagged'` when it is absent, and `compression`, which `false` turns off. */
export function resolveCodec(
  problems: OptionProblems,
  codec: CodecOption | undefined,
  compression: false | CompressionOptions | undefined,
): CodecSettings {
  return {
    serializer: resolveSerializer(problems, codec),
    compression: compression === false ? undefined : resolveCompression(problems, compression ?? {}),
  };
}

function resolveSerializer(problems: OptionProblems, codec: CodecOption | undefined): Serializer {
  if (codec === undefined || codec === 'tagged') return taggedSerializer();
  if (codec === 'json') return jsonSerializer();
  const isSerializer =
    typeof codec === 'object' &&
    codec !== null &&
    typeof codec.encode === 'function' &&
    typeof codec.decode === 'function';
  if (!isSerializer || typeof codec.name !== 'string') {
    problems.add(
      'codec',
      "must be 'tagged', 'json' or a serializer: { id, name, encode(value), decode(bytes) }",
      codec,
    );
    return taggedSerializer();
  }
  const isFreeId = Number.isInteger(codec.id) && codec.id >= FIRST_FREE_ID && codec.id <= 255;
  problems.require(
    isFreeId || OWN_SERIALIZERS.get(codec.id) === codec.name,
    'codec.id',
    `must be a whole number from ${FIRST_FREE_ID} to 255; the lower ones are those of the serializers that come with the library`,
    codec.id,
  );
  return codec;
}

function resolveCompression(problems: OptionProblems, given: CompressionOptions): CompressionSettings {
  problems.requireObject('compression', given);
  for (const name of Object.keys(given)) {
    problems.require(
      (COMPRESSION_OPTIONS as readonly string[]).includes(name),
      `compression.${name}`,
      `is not an option; known are ${COMPRESSION_OPTIONS.join(', ')}`,
      (given as Record<string, unknown>)[name],
    );
  }
  const thresholdBytes = toBytes(given.threshold ?? 2048);
  problems.require(thresholdBytes !== undefined, 'compression.threshold', BYTES_RULE, given.threshold);
  return {
    algorithm: problems.oneOf('compression.algorithm', given.algorithm, ['brotli', 'gzip'] as const, 'brotli'),
    thresholdBytes: thresholdBytes ?? Infinity,
  };
}

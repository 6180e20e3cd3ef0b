export { CodecError, type CodecFailure } from './codec-error.js';
export { jsonSerializer, msgpackSerializer, type MessagePack, type Serializer } from './serializer.js';
export { taggedSerializer, type TaggedSerializerOptions } from './tagged-serializer.js';
export { classCodec, type ClassCodec } from './class-codec.js';
export type { CompressionAlgorithm, CompressionSettings } from './compressor.js';
export type { EnvelopeFields, EnvelopeProblem } from './envelope.js';
export { EntryCodec, type EntryCodecOptions, type OpenedEnvelope } from './entry-codec.js';
export { resolveCodec, type CodecOption, type CodecSettings, type CompressionOptions } from './codec.options.js';
export type { SnapshotEntry } from './snapshot-record.js';
export type { SnapshotHeader } from './snapshot-blocks.js';
export { bytesForSnapshot, valueFromSnapshot } from './snapshot-io.js';
export {
  replaySnapshot,
  takeSnapshot,
  type EntryOutcome,
  type LogReplay,
  type LogSize,
  type LogTarget,
} from './snapshot-log.js';

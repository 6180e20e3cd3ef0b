import type * as codec from '../../lib/codec/index.js';

export class Point {
  constructor(x: unknown, y: unknown);
}

export interface WireCase {
  readonly serializer: 'tagged' | 'json' | 'msgpack';
  readonly compression?: 'brotli' | 'gzip';
  readonly fields: codec.EnvelopeFields;
  readonly value: unknown;
}

export const CASES: Readonly<Record<string, WireCase>>;

export function codecOf(wireCase: WireCase, exports: typeof codec, packr: codec.MessagePack): codec.EntryCodec;

import { describe, expect, it } from '@jest/globals';
import { Packr } from 'msgpackr';
import { jsonSerializer, msgpackSerializer, resolveCodec, type Serializer } from '../../../lib/codec/index.js';
import { OptionProblems } from '../../../lib/core/index.js';

type Given = Parameters<typeof resolveCodec>;

function resolve(codec?: unknown, compression?: unknown): ReturnType<typeof resolveCodec> {
  const problems = new OptionProblems('cache "users"');
  const settings = resolveCodec(problems, codec as Given[1], compression as Given[2]);
  problems.throwIfAny();
  return settings;
}

const own: Serializer = { id: 16, name: 'own', encode: () => new Uint8Array(), decode: () => 1 };

describe('the options of the codec', () => {
  it('are tagged JSON, compressed by brotli from 2 KB on, when nothing is said', () => {
    const { serializer, compression } = resolve();
    expect(serializer.name).toBe('tagged');
    expect(compression).toEqual({ algorithm: 'brotli', thresholdBytes: 2048 });
    expect(resolve('tagged', { algorithm: undefined, threshold: undefined })).toMatchObject({ compression });
  });

  it('take what is given', () => {
    expect(resolve('json', false)).toMatchObject({ serializer: { name: 'json' }, compression: undefined });
    expect(resolve(own).serializer).toBe(own);
    for (const ours of [jsonSerializer(), msgpackSerializer(new Packr())]) expect(resolve(ours).serializer).toBe(ours);
    expect(resolve('tagged', { algorithm: 'gzip', threshold: '1kb' }).compression).toEqual({
      algorithm: 'gzip',
      thresholdBytes: 1024,
    });
  });

  it.each([
    ['msgpack', undefined, "codec must be 'tagged', 'json' or a serializer"],
    [null, undefined, 'codec must be'],
    [{ id: 16 }, undefined, 'codec must be'],
    [{ ...own, id: 1 }, undefined, 'codec.id must be a whole number from 16 to 255'],
    [{ ...own, id: 256 }, undefined, 'codec.id'],
    [undefined, true, 'compression must be an object'],
    [undefined, { algorithm: 'zstd' }, 'compression.algorithm must be one of brotli, gzip'],
    [undefined, { threshold: 0 }, 'compression.threshold must be a number of bytes'],
    [undefined, { threshold: 'much' }, 'compression.threshold'],
    [undefined, { level: 1 }, 'compression.level is not an option'],
  ])('refuse codec %p with compression %p', (codec, compression, message) => {
    expect(() => resolve(codec, compression)).toThrow(message);
  });
});

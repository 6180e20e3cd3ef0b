import { ClassRegistry, type ClassCodec } from './class-codec.js';
import { TextSerializer, textOf, utf8, type Serializer } from './serializer.js';
import { TaggedReader } from './tagged-reader.js';
import { TaggedWriter } from './tagged-writer.js';

export interface TaggedSerializerOptions {
  /** Classes whose instances come back as such; those of other classes come back as plain objects. @defaultValue none */
  readonly classes?: readonly ClassCodec[];
}

/**
 * JSON in which values that JSON lacks are kept as tags: Date, Map, Set, bigint, typed arrays and buffers, undefined, NaN,
 * the infinities, -0, RegExp, Error, URL, holes of arrays, and registered classes. Plain values are plain JSON.
 *
 * An instance of another class is what its `toJSON` returns, else its own properties. Functions, symbols, circular
 * structures and objects with hidden state are refused, with their place.
 */
export function taggedSerializer({ classes = [] }: TaggedSerializerOptions = {}): Serializer {
  const registry = new ClassRegistry(classes);
  const reader = new TaggedReader(registry);
  return new TextSerializer(
    1,
    'tagged',
    (value) => textOf(new TaggedWriter(registry).rewrite(value)),
    (bytes) => reader.read(JSON.parse(utf8(bytes))),
  );
}

import { CacheMisuseError, show } from '../core/index.js';
import { defineOwn } from './own-property.js';

/** A class whose instances keep their class in bytes. Make one by {@link classCodec}, which infers the types. */
export interface ClassCodec<T = unknown> {
  /** Stands in the bytes for the class: keep it when the class is renamed or moved. */
  readonly name: string;
  /** Instances of exactly this class; a subclass is registered on its own. */
  readonly type: abstract new (...args: never[]) => T;
  /** What of an instance is stored: any value that the serializer takes. */
  encode(instance: T): unknown;
  /** The instance of what `encode` returned. */
  decode(stored: unknown): T;
}

/**
 * Registers a class for {@link taggedSerializer}. Without `encode` and `decode` its own enumerable properties are stored,
 * and restored on an object with its prototype whose constructor has not run; give both where there is private state.
 */
export function classCodec<T>(
  type: abstract new (...args: never[]) => T,
  { name = type.name, encode, decode }: Partial<Pick<ClassCodec<T>, 'name' | 'encode' | 'decode'>> = {},
): ClassCodec<T> {
  if ((encode === undefined) !== (decode === undefined)) {
    throw new CacheMisuseError(`the codec of class ${name} has only one of encode and decode; give both, or none`);
  }
  return {
    name,
    type,
    encode: encode ?? ((instance) => ({ ...instance })),
    decode: decode ?? ((stored) => restored(type, stored)),
  };
}

function restored<T>(type: abstract new (...args: never[]) => T, stored: unknown): T {
  if (typeof stored !== 'object' || stored === null)
    throw new TypeError(`${show(stored)} is not an object's properties`);
  const instance: object = Object.create(type.prototype as object);
  for (const [name, value] of Object.entries(stored)) defineOwn(instance, name, value);
  return instance as T;
}

/** The registered classes, for both directions. */
export class ClassRegistry {
  private readonly byPrototype = new Map<object, ClassCodec>();
  private readonly byName = new Map<string, ClassCodec>();

  constructor(classes: readonly ClassCodec[]) {
    for (const codec of classes) {
      const { name, type } = codec;
      if (typeof name !== 'string' || name === '' || typeof type !== 'function') {
        throw new CacheMisuseError(`${show(codec)} in classes is not a class codec; make it by classCodec(YourClass)`);
      }
      if (this.byName.has(name)) {
        throw new CacheMisuseError(`two classes are registered as "${name}"; give one of them another name`);
      }
      this.byName.set(name, codec);
      this.byPrototype.set(type.prototype as object, codec);
    }
  }

  of(prototype: object): ClassCodec | undefined {
    return this.byPrototype.get(prototype);
  }

  named(name: string): ClassCodec | undefined {
    return this.byName.get(name);
  }
}

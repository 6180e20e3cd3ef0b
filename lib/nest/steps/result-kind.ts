import { CacheMisuseError } from '../../core/index.js';
import { declaredReturnType, type MethodRecord } from '../operations/metadata.js';

/** What a method returns. `unknown` is learnt from its first result; `sync` cannot be cached. */
export type ResultKind = 'promise' | 'observable' | 'iterable' | 'sync' | 'unknown';

const KINDS_OF_FUNCTIONS: ReadonlyMap<string, ResultKind> = new Map([
  ['[object AsyncGeneratorFunction]', 'iterable'],
  ['[object AsyncFunction]', 'promise'],
  ['[object GeneratorFunction]', 'sync'],
]);

/**
 * What can be known before the first call. The function's own kind comes first: some compilers declare that an async
 * generator returns a Promise. A declared class is known by its shape, since its library may be loaded twice.
 */
export function declaredKind(record: MethodRecord): ResultKind {
  const kind = KINDS_OF_FUNCTIONS.get(Object.prototype.toString.call(record.original));
  if (kind !== undefined) return kind;
  const type = declaredReturnType(record);
  // Object and Function are what the compiler writes for an interface and for a class that was imported as a type.
  if (typeof type !== 'function' || type.name === 'Object' || type.name === 'Function') return 'unknown';
  const prototype: unknown = type.prototype;
  if (typeof prototype !== 'object' || prototype === null) return 'sync';
  if (type.name === 'Promise' || 'then' in prototype) return 'promise';
  if (type.name === 'Observable' || 'subscribe' in prototype) return 'observable';
  return Symbol.asyncIterator in prototype ? 'iterable' : 'sync';
}

/** What a result is. */
export function kindOf(result: unknown): Exclude<ResultKind, 'unknown'> {
  if (typeof result !== 'object' || result === null) return 'sync';
  if ('then' in result && typeof result.then === 'function') return 'promise';
  if ('subscribe' in result && typeof result.subscribe === 'function') return 'observable';
  return Symbol.asyncIterator in result ? 'iterable' : 'sync';
}

export function synchronousMethod(label: string): CacheMisuseError {
  return new CacheMisuseError(
    `${label} is synchronous, and a cache decorator cannot stand on it; ` +
      `return a Promise, an Observable or an AsyncIterable (make the method async), or inject the cache`,
  );
}

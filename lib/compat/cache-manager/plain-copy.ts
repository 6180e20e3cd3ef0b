/**
 * A copy of plain data, so that who changes it changes nobody else's: arrays, plain objects, `Map`, `Set`, `Date` and bytes,
 * to any depth, cycles included. Everything else (functions, instances of classes) is handed on as it is, for nobody
 * else can know how to copy it.
 */
export function plainCopy<T>(value: T): T {
  return typeof value === 'object' && value !== null ? (copyOf(value, new Map()) as T) : value;
}

function copyOf(value: unknown, done: Map<object, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const known = done.get(value);
  if (known !== undefined) return known;
  const remember = <C>(copy: C): C => {
    done.set(value, copy);
    return copy;
  };
  if (Array.isArray(value)) {
    const copy = remember<unknown[]>([]);
    for (let at = 0; at < value.length; at++) {
      // A hole stays one.
      if (value[at] !== undefined || at in value) copy[at] = copyOf(value[at], done);
    }
    copy.length = value.length;
    return copy;
  }
  if (value instanceof Date) return remember(new Date(value.getTime()));
  if (value instanceof Map) {
    const copy = remember(new Map<unknown, unknown>());
    for (const [key, each] of value) copy.set(copyOf(key, done), copyOf(each, done));
    return copy;
  }
  if (value instanceof Set) {
    const copy = remember(new Set<unknown>());
    for (const each of value) copy.add(copyOf(each, done));
    return copy;
  }
  if (Buffer.isBuffer(value)) return remember(Buffer.from(value));
  if (value instanceof Uint8Array) return remember(new Uint8Array(value));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const copy: Record<string, unknown> = remember(prototype === null ? Object.create(null) : {});
  for (const name of Object.keys(value)) {
    const each = copyOf((value as Record<string, unknown>)[name], done);
    // An assignment to `__proto__` would change the prototype.
    if (name !== '__proto__') copy[name] = each;
    else Object.defineProperty(copy, name, { value: each, writable: true, enumerable: true, configurable: true });
  }
  return copy;
}

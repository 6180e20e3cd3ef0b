/* What a reply of a tier must look like. A tier may be somebody else's, or answer another question than it was asked;
 * each function says what is wrong with a reply, or `undefined` when nothing is. */

export function nothing(_: unknown): undefined {}

export function boolean(given: unknown): string | undefined {
  return typeof given === 'boolean' ? undefined : 'something else than true or false';
}

export function booleans(given: unknown, count: number): string | undefined {
  return list(given, count, 'results', (result) => typeof result === 'boolean');
}

export function read(given: unknown, keys: number, generations: number): string | undefined {
  if (!isRecord(given)) return 'something else than entries and generations';
  return (
    list(given['entries'], keys, 'entries', isEntry) ??
    list(given['generations'], generations, 'generations', (token) => token === undefined || typeof token === 'string')
  );
}

export function fences(given: unknown, keys: number, generations: number): string | undefined {
  if (!isRecord(given)) return 'something else than fences and generations';
  return (
    list(given['fences'], keys, 'fences', (token) => typeof token === 'string') ??
    list(given['generations'], generations, 'generations', (token) => typeof token === 'string')
  );
}

export function batch(given: unknown): string | undefined {
  if (!isRecord(given)) return 'something else than a batch of keys';
  if (given['done'] === true) return undefined;
  const keys = given['value'];
  const count = Array.isArray(keys) ? keys.length : 0;
  return list(keys, count, 'keys', (key) => typeof key === 'string');
}

function isEntry(given: unknown): boolean {
  if (given === undefined) return true;
  if (!isRecord(given) || !(given['bytes'] instanceof Uint8Array)) return false;
  const ttlLeftMs = given['ttlLeftMs'];
  return typeof ttlLeftMs === 'number' && ttlLeftMs >= 0;
}

function list(given: unknown, count: number, what: string, isSound: (element: unknown) => boolean): string | undefined {
  if (!Array.isArray(given)) return `no list of ${what}`;
  if (given.length !== count) return `${given.length} ${what} instead of ${count}`;
  for (let i = 0; i < count; i++) {
    if (!isSound(given[i])) return `${what} of which number ${i} is none`;
  }
  return undefined;
}

function isRecord(given: unknown): given is Record<string, unknown> {
  return typeof given === 'object' && given !== null;
}

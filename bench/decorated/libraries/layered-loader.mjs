import { Loader } from 'layered-loader';
import { source } from './bare.mjs';

const LOADS = {
  string: { get: (from) => (id) => from.find(id) },
  // Its keys are strings.
  number: { get: (from) => (id) => from.find(id), key: (id) => String(id) },
  two: {
    get:
      (from) =>
      ([tenant, id]) =>
        from.find(tenant, id),
    key: ([tenant, id]) => `${tenant}:${id}`,
  },
};

export function open(shape) {
  const from = source(shape);
  const { get, key } = LOADS[shape];
  const loader = new Loader({
    inMemoryCache: { cacheType: 'lru-map', ttlInMsecs: 300_000, maxItems: 10_000 },
    dataSourceGetOneFn: get(from),
    ...(key && { cacheKeyFromLoadParamsResolver: key }),
  });
  const users = shape === 'two' ? { find: (tenant, id) => loader.get([tenant, id]) } : { find: (id) => loader.get(id) };
  return { users, loads: () => from.loads, caches: true };
}

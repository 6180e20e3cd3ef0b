import { createCache } from 'cache-manager';
import { source } from './bare.mjs';

export function open(shape) {
  const from = source(shape);
  const cache = createCache({ ttl: 300_000 });
  const finds = {
    string: (id) => cache.wrap(id, () => from.find(id)),
    number: (id) => cache.wrap(String(id), () => from.find(id)),
    two: (tenant, id) => cache.wrap(`${tenant}:${id}`, () => from.find(tenant, id)),
  };
  return { users: { find: finds[shape] }, loads: () => from.loads, caches: true };
}

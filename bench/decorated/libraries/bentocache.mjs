import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { source } from './bare.mjs';

export function open(shape) {
  const from = source(shape);
  const cache = new BentoCache({
    default: 'users',
    stores: { users: bentostore().useL1Layer(memoryDriver({ maxItems: 10_000 })) },
  });
  const finds = {
    string: (id) => cache.getOrSet({ key: id, ttl: '5m', factory: () => from.find(id) }),
    number: (id) => cache.getOrSet({ key: String(id), ttl: '5m', factory: () => from.find(id) }),
    two: (tenant, id) => cache.getOrSet({ key: `${tenant}:${id}`, ttl: '5m', factory: () => from.find(tenant, id) }),
  };
  return { users: { find: finds[shape] }, loads: () => from.loads, caches: true };
}

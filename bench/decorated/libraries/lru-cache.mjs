import { LRUCache } from 'lru-cache';
import { source } from './bare.mjs';

export function open(shape) {
  const from = source(shape);
  const options = { max: 10_000, ttl: 300_000 };
  const cache = new LRUCache(
    shape === 'two'
      ? { ...options, fetchMethod: (_key, _stale, { context: [tenant, id] }) => from.find(tenant, id) }
      : { ...options, fetchMethod: (id) => from.find(id) },
  );
  const users =
    shape === 'two'
      ? { find: (tenant, id) => cache.fetch(`${tenant}:${id}`, { context: [tenant, id] }) }
      : { find: (id) => cache.fetch(id) };
  return { users, loads: () => from.loads, caches: true };
}

import { useAdapter } from '@type-cacheable/lru-cache-adapter';
import { LRUCache } from 'lru-cache';
import { Accounts, Members, Users } from '../fixtures/type-cacheable.js';

const CLASSES = { string: Users, number: Accounts, two: Members };

export function open(shape) {
  useAdapter(new LRUCache({ max: 10_000, ttl: 300_000 }));
  const users = new CLASSES[shape]();
  return { users, loads: () => users.loads, caches: true };
}

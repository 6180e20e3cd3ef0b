import assert from 'node:assert/strict';
import { NamedAccounts, NamedMembers, OwnAccounts, OwnMembers, startApp } from '../fixtures/strata-app.js';

/** Starts the app and hands out one of its services, with the numbers its cache must show at the end. */
export async function openApp(type, cacheOf) {
  const { app, registry } = await startApp();
  const users = app.get(type);
  const service = (other) => app.get(other);
  return {
    users,
    loads: () => users.loads,
    caches: true,
    others: [
      (index) => service(NamedAccounts).find(index),
      (index) => service(OwnAccounts).find(index),
      (index) => service(NamedMembers).find('tenant', index),
      (index) => service(OwnMembers).find('tenant', index),
    ],
    check(calls) {
      const { hits, misses, gets, loads } = cacheOf(registry).stats();
      assert.deepEqual(
        { hits, misses, gets, loads },
        { hits: calls - misses, misses: loads, gets: calls, loads: users.loads },
      );
    },
  };
}

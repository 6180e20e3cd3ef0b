import { openApp } from './strata.mjs';
import { Accounts, Members, NamedAccounts, NamedMembers, NamedUsers, Users } from '../fixtures/strata-app.js';

const CLASSES = { string: NamedUsers, busy: NamedUsers, number: NamedAccounts, two: NamedMembers };
const CACHES = { string: Users, busy: Users, number: Accounts, two: Members };

/** `@Cacheable(Users, { key })`: the method stores in a cache that the app defines. */
export function open(shape) {
  return openApp(CLASSES[shape], (registry) => registry.get(CACHES[shape]));
}

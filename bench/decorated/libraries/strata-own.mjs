import { openApp } from './strata.mjs';
import { OwnAccounts, OwnMembers, OwnUsers } from '../fixtures/strata-app.js';

const CLASSES = { string: OwnUsers, busy: OwnUsers, number: OwnAccounts, two: OwnMembers };

/** `@Cacheable({ ttl })`: the method has a cache of its own, keyed by its arguments. */
export function open(shape) {
  return openApp(CLASSES[shape], (registry) => registry.get(`${CLASSES[shape].name}.find`));
}

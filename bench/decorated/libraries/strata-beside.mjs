import { NamedUsers, OwnUsers, startApp } from '../fixtures/strata-app.js';
import { open as openBare } from './bare.mjs';

/** The bare method once more, in an app whose other methods have caches and have loaded: what those cost the rest. */
export async function open(shape) {
  const { app } = await startApp();
  for (const id of ['user:1', 'user:2']) {
    await app.get(NamedUsers).find(id);
    await app.get(OwnUsers).find(id);
  }
  return openBare(shape);
}

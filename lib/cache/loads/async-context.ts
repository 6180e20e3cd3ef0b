import { AsyncResource } from 'node:async_hooks';

/** Runs code as if it were called where the context was taken. */
export type AsyncContext = <T>(code: () => T) => T;

/**
 * Takes the asynchronous context of this place: the current load, if any, and whatever else the application carries along.
 * For callbacks, which else run in the context of who calls them.
 */
export function asyncContext(): AsyncContext {
  const resource = new AsyncResource('StrataContext');
  return (code) => resource.runInAsyncScope(code);
}

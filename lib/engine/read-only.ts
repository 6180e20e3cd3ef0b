import { OBSERVABLE, type Emitter, type Subscribable } from '../core/index.js';

/** What can be listened to and not emitted on, also for whoever knows `Symbol.observable`. */
export function readOnly<T>(emitter: Emitter<T>): Subscribable<T> {
  const view: Subscribable<T> = { subscribe: (observer, wants) => emitter.subscribe(observer, wants) };
  return Object.freeze(Object.defineProperty(view, OBSERVABLE, { value: () => view }));
}

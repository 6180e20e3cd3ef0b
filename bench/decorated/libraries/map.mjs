import { source } from './bare.mjs';

/** By hand: a Map of promises, without bound and without an end of their life. */
class MappedUsers {
  promises = new Map();

  constructor(from) {
    this.from = from;
  }

  find(id) {
    let promise = this.promises.get(id);
    if (promise === undefined) {
      promise = this.from.find(id);
      this.promises.set(id, promise);
    }
    return promise;
  }
}

class MappedMembers {
  promises = new Map();

  constructor(from) {
    this.from = from;
  }

  find(tenant, id) {
    const key = `${tenant}:${id}`;
    let promise = this.promises.get(key);
    if (promise === undefined) {
      promise = this.from.find(tenant, id);
      this.promises.set(key, promise);
    }
    return promise;
  }
}

export function open(shape) {
  const from = source(shape);
  return { users: new (shape === 'two' ? MappedMembers : MappedUsers)(from), loads: () => from.loads, caches: true };
}

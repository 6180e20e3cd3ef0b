import { SHAPES, USERS } from '../shapes.mjs';

/*
 * The method itself, called each time: what a call costs when there is no cache. It does the least that a method can do
 * that answers with the data of its argument: it finds it in a Map.
 */
class Source {
  loads = 0;

  constructor(rows) {
    this.rows = rows;
  }
}

class Users extends Source {
  async find(id) {
    this.loads++;
    return this.rows.get(id);
  }
}

class Accounts extends Source {
  async find(id) {
    this.loads++;
    return this.rows.get(id);
  }
}

class Members extends Source {
  async find(tenant, id) {
    this.loads++;
    return this.rows.get(id);
  }
}

const SOURCES = {
  string: { type: Users, row: ([id]) => [id, { id }] },
  busy: { type: Users, row: ([id]) => [id, { id }] },
  number: { type: Accounts, row: ([id]) => [id, { id }] },
  two: { type: Members, row: ([tenant, id]) => [id, { tenant, id }] },
};

/** The uncached service, for the peers to cache. */
export function source(shape) {
  const { type, row } = SOURCES[shape];
  const rows = Array.from({ length: USERS }, (_, index) => row(SHAPES[shape].argumentsOf(index)));
  return new type(new Map(rows));
}

export function open(shape) {
  const users = source(shape);
  const [accounts, members] = [source('number'), source('two')];
  const others = [(index) => accounts.find(index), (index) => members.find('tenant', index)];
  return { users, loads: () => users.loads, caches: false, others };
}

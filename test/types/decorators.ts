/* Compile-time proofs for the method decorators: compiled by `npm run types`, never run. */
import type { Observable } from 'rxjs';
import {
  Cacheable,
  CacheEvict,
  CacheGroup,
  CachePut,
  defineCache,
  defineMemoryCache,
  InjectCache,
  OnCacheEvent,
  type Cache,
  type CacheEvent,
} from '../../lib/index.js';

interface User {
  readonly id: string;
  readonly active: boolean;
}

declare const user: Promise<User>;
declare const users: Observable<User>;

const Users = defineCache<string, User>('users');
const ById = defineCache<number, User>('by-id');
const Kinds = defineCache<'a' | 'b', User>('kinds');
const Engine = defineMemoryCache<string, User>('engine');

export class RightUses {
  constructor(@InjectCache(Users) readonly cache: Cache<string, User>) {}

  @Cacheable()
  async ownCache(_id: string, _options?: object): Promise<User> {
    return user;
  }

  @Cacheable({ ttl: '30s', maxSize: 10, maxItems: 5, name: 'mine' })
  ownCacheOfAnObservable(): Observable<User> {
    return users;
  }

  @Cacheable({ unless: (sequence: readonly User[]) => sequence.length === 0 })
  async *ownCacheOfASequence(): AsyncGenerator<User> {
    yield await user;
  }

  @Cacheable(Users)
  async defaultKey(_id: string, _page: number): Promise<User> {
    return user;
  }

  @Cacheable(Users, { key: (id: string) => id })
  async keyFromTheFirstOfTwo(_id: string, _patch: Partial<User>): Promise<User> {
    return user;
  }

  @Cacheable(ById, { key: (id: number, _more?: string) => id })
  observable(_id: number, _more?: string): Observable<User> {
    return users;
  }

  @Cacheable(Users, {
    unless: (found) => found === null,
    ttl: (found, id: string) => (found?.active ? id.length : '5s'),
  })
  async nullResult(_id: string): Promise<User | null> {
    return user;
  }

  @Cacheable(Users, { unless: (found: User | undefined) => found === undefined })
  async undefinedResult(_id: string): Promise<User | undefined> {
    return user;
  }

  @Cacheable(Users, {
    key: (id: string) => id,
    condition: (_id: string, fresh?: boolean) => fresh !== true,
    unless: (found: User) => !found.active,
    groups: (found: User, id: string) => [found.id, id],
  })
  async functionsOfDifferentArguments(_id: string, _fresh?: boolean): Promise<User> {
    return user;
  }

  @Cacheable(Users, { key: () => 'only' })
  private async privateMethod(): Promise<User> {
    return user;
  }

  @Cacheable(Users)
  protected async protectedMethod<T extends User>(found: T): Promise<T> {
    await this.privateMethod();
    return found;
  }

  overloaded(id: string): Promise<User>;
  overloaded(id: string, depth: number): Promise<User>;
  @Cacheable(Users, { key: (id: string, depth?: number) => `${id}/${depth}` })
  overloaded(_id: string, _depth?: number): Promise<User> {
    return user;
  }

  @Cacheable(Kinds, { key: (kind: 'a' | 'b') => kind })
  async literalKeys(_kind: 'a' | 'b'): Promise<User> {
    return user;
  }

  @Cacheable('users', { key: (id: string) => id })
  async byName(_id: string): Promise<User> {
    return user;
  }

  @CachePut(Users, { key: (changed: User) => changed.id, unless: (stored) => stored?.active === false })
  async put(changed: User): Promise<User> {
    return changed;
  }

  @CacheEvict(Users, { key: (id: string) => id, before: true })
  @CacheEvict(Users, { group: 'active' })
  @CacheEvict(Users, { group: (id: string) => [`user:${id}`] })
  @CacheEvict(Users, { matching: 'user-*' })
  @CacheEvict(Users, { matching: /^user/ })
  @CacheEvict(Users, { matching: (key, id: string) => key.startsWith(id), condition: (id: string) => id !== '' })
  @CacheEvict(Users, { all: true })
  @CacheEvict({ group: 'everywhere' })
  @CacheEvict('RightUses.ownCache', { all: true })
  async evict(_id: string): Promise<void> {}

  @CacheGroup('catalog')
  @CacheGroup((tenant: string) => `tenant:${tenant}`)
  async grouped(_tenant: string, _id: string): Promise<User> {
    return user;
  }

  @OnCacheEvent(Users, 'evict')
  evicted(event: CacheEvent<string, User>): void {
    event.key?.toUpperCase();
  }

  @OnCacheEvent(undefined, ['hit', 'miss'])
  looked(_event: CacheEvent): void {}

  @OnCacheEvent(Engine)
  async anyEvent(): Promise<void> {}
}

@CacheGroup('all of a class')
export abstract class Repository<T> {
  @Cacheable({ key: (id: string) => id })
  async find(id: string): Promise<T> {
    return this.load(id);
  }

  protected abstract load(id: string): Promise<T>;
}

export class WrongUses {
  // @ts-expect-error -- the key is a text, the cache's keys are numbers
  @Cacheable(ById, { key: (id: number) => String(id) })
  async wrongKey(_id: number): Promise<User> {
    return user;
  }

  // @ts-expect-error -- the cache's keys are not text, so no default key fits
  @Cacheable(ById)
  async missingKey(_id: number): Promise<User> {
    return user;
  }

  // @ts-expect-error -- nor where the keys are only some texts
  @Cacheable(Kinds, { ttl: '1s' })
  async missingLiteralKey(_kind: 'a' | 'b'): Promise<User> {
    return user;
  }

  // @ts-expect-error -- the method takes a text
  @Cacheable(ById, { key: (id: number) => id })
  async wrongArgument(_id: string): Promise<User> {
    return user;
  }

  // @ts-expect-error -- the method has one parameter
  @Cacheable(Users, { key: (id: string, page: number) => id + page })
  async tooManyArguments(_id: string): Promise<User> {
    return user;
  }

  // @ts-expect-error -- the second argument may be missing
  @Cacheable(Users, { key: (id: string, page: number) => id + page })
  async optionalArgument(_id: string, _page?: number): Promise<User> {
    return user;
  }

  // @ts-expect-error -- the cache keeps users
  @Cacheable(Users)
  async wrongResult(id: string): Promise<string> {
    return id;
  }

  // @ts-expect-error -- a synchronous method
  @Cacheable(Users)
  synchronous(id: string): User {
    return { id, active: true };
  }

  // @ts-expect-error -- a synchronous method
  @Cacheable()
  synchronousWithItsOwn(id: string): string {
    return id;
  }

  // @ts-expect-error -- the result may be null
  @Cacheable(Users, { unless: (found: User) => found.active })
  async unlessWithoutNull(_id: string): Promise<User | null> {
    return user;
  }

  // @ts-expect-error -- condition takes the method's arguments
  @Cacheable(Users, { condition: (fresh: boolean) => fresh })
  async wrongCondition(_id: string): Promise<User> {
    return user;
  }

  // @ts-expect-error -- a misspelt option
  @Cacheable(Users, { tll: '5m' })
  async misspelt(_id: string): Promise<User> {
    return user;
  }

  // @ts-expect-error -- no unit of time
  @Cacheable({ ttl: '5 minutes' })
  async wrongDuration(_id: string): Promise<User> {
    return user;
  }

  // @ts-expect-error -- a named cache is bounded by its definition
  @Cacheable(Users, { maxSize: 5 })
  async boundOfANamedCache(_id: string): Promise<User> {
    return user;
  }

  // @ts-expect-error -- the engine loads nothing
  @Cacheable(Engine)
  async engine(_id: string): Promise<User> {
    return user;
  }

  // @ts-expect-error -- the key is the user's id, not the user
  @CachePut(Users, { key: (changed: User) => changed })
  async wrongPutKey(changed: User): Promise<User> {
    return changed;
  }

  // @ts-expect-error -- what to evict is missing
  @CacheEvict(Users, { before: true })
  async evictsNothing(): Promise<void> {}

  // @ts-expect-error -- one of the two
  @CacheEvict(Users, { all: true, group: 'x' })
  async evictsTwice(): Promise<void> {}

  // @ts-expect-error -- the key of a text cache is a text
  @CacheEvict(Users, { key: (id: number) => id })
  async wrongEvictKey(_id: number): Promise<void> {}

  // @ts-expect-error -- a synchronous method
  @CacheEvict(Users, { all: true })
  synchronousEvict(): void {}

  // @ts-expect-error -- the group is of a number, the method takes a text
  @CacheGroup((tenant: number) => `tenant:${tenant}`)
  async wrongGroup(_tenant: string): Promise<User> {
    return user;
  }

  // @ts-expect-error -- the events of this cache have other keys
  @OnCacheEvent(ById)
  wrongEvent(_event: CacheEvent<string, User>): void {}

  // @ts-expect-error -- no such event
  @OnCacheEvent(Users, 'delete')
  wrongEventType(): void {}
}

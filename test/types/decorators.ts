/* Compile-time proofs for the method decorators: compiled by `npm run types`, never run. */
import type { Observable } from 'rxjs';
import {
  Cacheable,
  CacheableAll,
  CacheDefaults,
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

  @Cacheable(Users, {
    staleWhileRevalidate: '30s',
    staleIfError: '1h',
    staleBackoff: 500,
    refreshAhead: { beta: 1 },
    negativeTtl: '5s',
    errorTtl: 100,
    loadTimeout: { soft: '100ms', hard: '2s', hold: Infinity },
    abortWhenAbandoned: true,
  })
  async loadingOptions(_id: string): Promise<User> {
    return user;
  }

  @Cacheable({ refreshAhead: 0.8, loadTimeout: { hard: '2s' }, maxSize: 5 })
  async loadingOptionsOfItsOwnCache(_id: string): Promise<User> {
    return user;
  }

  @CachePut(Users, { key: (changed: User) => changed.id, staleIfError: '1h', refreshAhead: 0.5 })
  async putThatAges(changed: User): Promise<User> {
    return changed;
  }

  @CacheableAll(Users, { key: (id: string) => id })
  async many(ids: string[]): Promise<User[]> {
    return Promise.all(ids.map(() => user));
  }

  @CacheableAll(ById, {
    key: (id: number, _tenant: string) => id,
    condition: (ids: readonly number[], tenant: string) => ids.length < tenant.length,
    unless: (found: User | null, id: number) => found?.id === String(id),
    ttl: (found, _id: number, tenant: string) => (found?.active ? tenant.length : undefined),
    groups: (found: User | null) => [found?.id ?? 'nobody'],
    negativeTtl: '5s',
    staleIfError: '1h',
  })
  @CacheGroup((id: number, tenant: string) => `${tenant}:${id}`)
  async manyWithFurtherArguments(
    ids: readonly number[],
    _tenant: string,
    _more?: boolean,
  ): Promise<readonly (User | null)[]> {
    return ids.map(() => null);
  }

  @CacheableAll('users', { key: (id: string) => id })
  @CacheEvict(Users, { group: (ids: string[]) => ids })
  async manyByName(ids: string[]): Promise<(User | undefined)[]> {
    return ids.map(() => undefined);
  }

  @CacheableAll({ key: (id: string) => id })
  async manyInTheCacheOfTheClass(ids: string[]): Promise<User[]> {
    return Promise.all(ids.map(() => user));
  }

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

@CacheDefaults({ cache: Users, staleIfError: '1h', loadTimeout: { soft: 100 }, negativeTtl: 0 })
@CacheGroup('all of a class')
export abstract class Repository<T> {
  @Cacheable({ key: (id: string) => id })
  async find(id: string): Promise<T> {
    return this.load(id);
  }

  protected abstract load(id: string): Promise<T>;
}

export class WrongUses {
  // @ts-expect-error -- the method takes no list
  @CacheableAll(Users, { key: (id: string) => id })
  async noList(_id: string): Promise<User[]> {
    return [];
  }

  // @ts-expect-error -- key gets one id
  @CacheableAll(Users, { key: (ids: string[]) => ids.join() })
  async keyOfTheList(_ids: string[]): Promise<User[]> {
    return [];
  }

  // @ts-expect-error -- the ids are numbers
  @CacheableAll(Users, { key: (id: string) => id })
  async keyOfOtherIds(_ids: number[]): Promise<User[]> {
    return [];
  }

  // @ts-expect-error -- the key is a text, the cache's keys are numbers
  @CacheableAll(ById, { key: (id: number) => String(id) })
  async keyOfAnotherType(_ids: number[]): Promise<User[]> {
    return [];
  }

  // @ts-expect-error -- key is missing
  @CacheableAll(Users, { ttl: '1m' })
  async withoutKey(_ids: string[]): Promise<User[]> {
    return [];
  }

  // @ts-expect-error -- a value for each id
  @CacheableAll(Users, { key: (id: string) => id })
  async oneValue(_ids: string[]): Promise<User> {
    return user;
  }

  // @ts-expect-error -- the cache keeps users
  @CacheableAll(Users, { key: (id: string) => id })
  async otherValues(ids: string[]): Promise<string[]> {
    return ids;
  }

  // @ts-expect-error -- an Observable
  @CacheableAll(Users, { key: (id: string) => id })
  observableOfMany(_ids: string[]): Observable<User[]> {
    throw new Error('never called');
  }

  // @ts-expect-error -- unless gets one value, which may be null
  @CacheableAll(Users, { key: (id: string) => id, unless: (found: User) => found.active })
  async unlessOfMany(_ids: string[]): Promise<(User | null)[]> {
    return [];
  }

  // @ts-expect-error -- condition gets the list
  @CacheableAll(Users, { key: (id: string) => id, condition: (id: string) => id !== '' })
  async conditionOfOne(_ids: string[]): Promise<User[]> {
    return [];
  }

  // @ts-expect-error -- what describes the loads of a method does not describe a put
  @CachePut(Users, { key: (changed: User) => changed.id, errorTtl: '1s' })
  async putWithErrorTtl(changed: User): Promise<User> {
    return changed;
  }

  // @ts-expect-error -- no signal for all calls
  @Cacheable(Users, { signal: new AbortController().signal })
  async signal(_id: string): Promise<User> {
    return user;
  }

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

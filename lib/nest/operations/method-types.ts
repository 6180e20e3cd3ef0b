import type { Observable } from 'rxjs';

/** A method of any signature. */
export type AnyMethod = (...args: never[]) => unknown;

/** What a decorated method returns: its value comes later. `null` and `undefined` are results like any other. */
export type Asynchronous<V> =
  Promise<V | null | undefined> | Observable<V | null | undefined> | AsyncIterable<V | null | undefined>;

/** What `unless`, `ttl` and `groups` are given of a method whose results go into a cache of values. */
export type ValueOf<M> = M extends (...args: never[]) => Promise<infer T> | Observable<infer T> | AsyncIterable<infer T>
  ? T
  : never;

/** The same for a method's own cache, which keeps all that an Observable or an AsyncIterable emits. */
export type SequenceOf<M> = M extends (...args: never[]) => Promise<infer T>
  ? T
  : M extends (...args: never[]) => Observable<infer T> | AsyncIterable<infer T>
    ? readonly T[]
    : never;

/**
 * Whether a function that takes the arguments `A` can be called with the method's; else what the compiler shows in the
 * place of the method's type.
 */
export type TakesArguments<M extends AnyMethod, A extends readonly unknown[], Option extends string> = ((
  ...args: A
) => void) extends (...args: Parameters<M>) => void
  ? unknown
  : `${Option}: its parameters are not those of the method`;

/** A method that takes a list of ids, as its functions see it: as if it were called for one. */
export type ForOneId<M extends AnyMethod> =
  Parameters<M> extends readonly [infer Ids, ...infer Further]
    ? Ids extends readonly (infer Id)[]
      ? (id: Id, ...further: Further) => unknown
      : never
    : never;

/** Whether a function that takes a result `R` can be called with the method's. */
export type TakesResult<Result, R> = ((result: R) => void) extends (result: Result) => void
  ? unknown
  : `unless, ttl, groups: the first parameter does not take every result of the method`;

/** Stands on methods whose results go into a cache of values `V`. */
export type StoreDecorator<
  V,
  R,
  KA extends unknown[],
  CA extends unknown[],
  UA extends unknown[],
  TA extends unknown[],
  GA extends unknown[],
> = <M extends (...args: never[]) => Asynchronous<V>>(
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<M> & TakesResult<ValueOf<M>, R> & StoreArguments<M, KA, CA, UA, TA, GA>,
) => void;

/** Stands on methods whose results, one for each id of a list, go into a cache of values `V`. */
export type StoreAllDecorator<
  V,
  R,
  KA extends unknown[],
  CA extends unknown[],
  UA extends unknown[],
  TA extends unknown[],
  GA extends unknown[],
> = <M extends (...args: never[]) => Promise<readonly (V | null | undefined)[]>>(
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<M> &
    TakesIds<M> &
    TakesResult<Awaited<ReturnType<M>>[number], R> &
    TakesArguments<M, CA, 'condition'> &
    TakesArguments<ForOneId<M>, KA, 'key'> &
    TakesArguments<ForOneId<M>, UA, 'unless'> &
    TakesArguments<ForOneId<M>, TA, 'ttl'> &
    TakesArguments<ForOneId<M>, GA, 'groups'>,
) => void;

/** Whether a method's first parameter is a list. */
type TakesIds<M extends AnyMethod> = [ForOneId<M>] extends [never]
  ? `the first parameter of the method is not an array of ids`
  : unknown;

/** Stands on methods that have a cache of their own. */
export type OwnStoreDecorator<
  R,
  KA extends unknown[],
  CA extends unknown[],
  UA extends unknown[],
  TA extends unknown[],
  GA extends unknown[],
> = <M extends (...args: never[]) => Asynchronous<unknown>>(
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<M> & TakesResult<SequenceOf<M>, R> & StoreArguments<M, KA, CA, UA, TA, GA>,
) => void;

/** Stands on methods that evict. */
export type EvictDecorator<KA extends unknown[], GA extends unknown[], MA extends unknown[], CA extends unknown[]> = <
  M extends (...args: never[]) => Asynchronous<unknown>,
>(
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<M> &
    TakesArguments<M, KA, 'key'> &
    TakesArguments<M, GA, 'group'> &
    TakesArguments<M, MA, 'matching'> &
    TakesArguments<M, CA, 'condition'>,
) => void;

/** Stands on methods, and on classes where no method has arguments that it could not take. */
export interface GroupDecorator<A extends unknown[]> {
  <M extends (...args: never[]) => Asynchronous<unknown>>(
    target: object,
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<M> &
      // A method of a list of ids has the groups of each.
      (
        | TakesArguments<M, A, 'group'>
        | ([ForOneId<M>] extends [never] ? never : TakesArguments<ForOneId<M>, A, 'group'>)
      ),
  ): void;
  // A class of any constructor.
  (target: abstract new (...args: never[]) => object): void;
}

/** Stands on methods that take an event. */
export type EventHandlerDecorator<Event> = <M extends (event: Event) => unknown>(
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<M>,
) => void;

type StoreArguments<
  M extends AnyMethod,
  KA extends unknown[],
  CA extends unknown[],
  UA extends unknown[],
  TA extends unknown[],
  GA extends unknown[],
> = TakesArguments<M, KA, 'key'> &
  TakesArguments<M, CA, 'condition'> &
  TakesArguments<M, UA, 'unless'> &
  TakesArguments<M, TA, 'ttl'> &
  TakesArguments<M, GA, 'groups'>;

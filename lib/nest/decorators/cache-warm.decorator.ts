import { isWarmList, resolveWarmSchedule, WARM_LIST_RULE, type WarmSchedule } from '../../cache/index.js';
import { OptionProblems } from '../../core/index.js';
import { addWarming, type WarmingRecord } from '../operations/metadata.js';
import { requireMethod } from '../calls/method-wrapper.js';
import type { Asynchronous } from '../operations/method-types.js';

/** Lists of arguments, one for each call; a function gets the instance, and is asked each time. */
export type ArgumentLists<A extends readonly unknown[], S extends object> =
  | Iterable<A>
  | AsyncIterable<A>
  | ((service: S) => Iterable<A> | AsyncIterable<A> | Promise<Iterable<A> | AsyncIterable<A>>);

/** Of each list of arguments: nothing where the method can be called with it, else what the compiler shows. */
type Unfit<M, A extends readonly unknown[]> = A extends readonly unknown[]
  ? [M] extends [(...args: A) => unknown]
    ? never
    : 'lists: the method cannot be called with these arguments'
  : never;

/** Stands on methods that can be called with such arguments, of classes whose instances the function takes. */
export type WarmDecorator<A extends readonly unknown[], S extends object> = <
  T extends S,
  M extends (...args: never[]) => Asynchronous<unknown>,
>(
  target: T,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<M> & ([Unfit<M, A>] extends [never] ? unknown : Unfit<M, A>),
) => void;

/**
 * Calls the method, which has `@Cacheable`, `@CacheableAll` or `@CachePut`, with lists of arguments before anybody else
 * does: when the application has started, from time to time, or by a cron expression. What is in the cache and fresh is not
 * loaded again. The provider must be a singleton. What fails is tried again, then told in the events and the log, and stops
 * nothing.
 *
 * @example
 * @CacheWarm(() => [['42'], ['43']], { every: '10m', concurrency: 4 })
 * @Cacheable(Users, { key: (id: string) => id })
 * async find(id: string): Promise<User> { … }
 */
export function CacheWarm<const A extends readonly unknown[], S extends object = object>(
  lists: ArgumentLists<A, S>,
  options: WarmSchedule = {},
): WarmDecorator<A, S> {
  return (target: object, name: string | symbol, descriptor: PropertyDescriptor): void => {
    const label = `@CacheWarm of ${requireMethod('@CacheWarm', { target, name, descriptor })}`;
    const problems = new OptionProblems(label);
    problems.require(isWarmList(lists), 'lists', WARM_LIST_RULE, lists);
    problems.requireObject('options', options);
    const settings = resolveWarmSchedule(problems, options, '', []);
    problems.throwIfAny();
    // The decorator's type made sure that the function takes the instance that it stands on.
    addWarming(target, { name, lists: lists as WarmingRecord['lists'], settings });
  };
}

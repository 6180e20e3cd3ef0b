import { addClassGroup } from '../operations/metadata.js';
import { parseGroup } from '../operations/operation-parser.js';
import { decorateMethod, requireMethod } from '../calls/method-wrapper.js';
import type { GroupDecorator } from '../operations/method-types.js';

/**
 * A group of every value that a method stores, or every method of a class: `@CacheGroup('catalog')`, or from the
 * arguments `@CacheGroup((tenant: string) => 'tenant:' + tenant)`. It stores nothing and evicts nothing by itself. Groups
 * of a class and of its methods add up.
 */
export function CacheGroup<A extends unknown[] = unknown[]>(
  group: string | ((...args: A) => string | readonly string[]),
): GroupDecorator<A> {
  const decorate = (target: object, name?: string | symbol, descriptor?: PropertyDescriptor): void => {
    if (name === undefined) {
      const className = typeof target === 'function' ? target.name : String(target);
      addClassGroup(target, parseGroup(`@CacheGroup of ${className}`, group));
      return;
    }
    const method = { target, name, descriptor };
    const label = `@CacheGroup of ${requireMethod('@CacheGroup', method)}`;
    decorateMethod(method, parseGroup(label, group));
  };
  return decorate;
}

import type { ClassDefaultOptions } from '../operations/decorator.options.js';
import { setClassDefaults } from '../operations/metadata.js';
import { parseDefaults } from '../operations/operation-parser.js';

/**
 * What the cache decorators of a class use where they say nothing themselves: the closest wins, a method's own options
 * before its class, a class before the one it inherits from. Caches nothing by itself.
 */
export function CacheDefaults(options: ClassDefaultOptions): ClassDecorator {
  return (target) => setClassDefaults(target, parseDefaults(`@CacheDefaults of ${target.name}`, options));
}

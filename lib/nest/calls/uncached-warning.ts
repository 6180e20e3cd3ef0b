import { Logger } from '@nestjs/common';
import { classNameOf, type MethodRecord } from '../operations/metadata.js';

const logger = new Logger('nestjs-strata');

/** One warning for each class in the process, whichever of its methods is called first. */
const warned = new WeakSet<object>();

/** Says that a decorated method runs without a cache, and why. */
export function warnUncached(self: unknown, record: MethodRecord, injected: unknown): void {
  const prototype = typeof self === 'object' && self !== null ? Object.getPrototypeOf(self) : null;
  const type: object = prototype ?? record.prototype;
  if (warned.has(type)) return;
  warned.add(type);
  const reason =
    injected === undefined
      ? 'Nest did not build this instance in an application that imports CacheModule.forRoot()'
      : 'what was injected for the cache runtime is a mock';
  logger.warn(`${classNameOf(type)}: its decorated methods run uncached, for ${reason}`);
}

import { type OptionProblems } from '../../core/index.js';
import { REDIS_OPTIONS, resolveRedis, type RedisOptions, type RedisSource } from './redis.options.js';

/** What `redisBus` can be told. */
export interface RedisBusOptions extends RedisOptions {
  /** Its name in events. @defaultValue 'redis' */
  readonly name?: string;
  /**
   * `'stream'`: a Redis Stream, from which a node that was cut off reads what it missed, as long as that is kept.
   * `'pubsub'`: costs the server no memory; after every lost connection something may be missing. Not with a cluster.
   * @defaultValue 'stream'
   */
  readonly transport?: 'stream' | 'pubsub';
  /** About how many batches the stream keeps; one holds what a node published in one tick. @defaultValue 50,000 */
  readonly maxLength?: number;
}

export interface BusSettings {
  readonly name: string;
  readonly transport: 'stream' | 'pubsub';
  readonly maxLength: number;
  readonly source: RedisSource;
}

/** For connections that tell no timeout of their own. */
const TIMEOUT_MS = 500;

export function resolveBusOptions(problems: OptionProblems, given: RedisBusOptions): BusSettings {
  problems.requireObject('options', given);
  problems.refuseUnknown(given, ['name', 'transport', 'maxLength', ...REDIS_OPTIONS]);
  const { name = 'redis' } = given;
  const isName = typeof name === 'string' && /^[\w-]{1,64}$/.test(name);
  problems.require(isName, 'name', 'must be 1 to 64 letters, digits, "-" or "_"', name);
  const transport = problems.oneOf('transport', given.transport, ['stream', 'pubsub'] as const, 'stream' as const);
  const maxLength = problems.positiveInteger('maxLength', given.maxLength, 50_000);
  const source = resolveRedis(problems, given, TIMEOUT_MS);
  problems.require(
    transport !== 'pubsub' || !source.isCluster,
    'transport',
    "must be 'stream' with a cluster, and with a Sentinel client of node-redis: they do not tell when a subscription was lost",
    transport,
  );
  problems.throwIfAny();
  return { name, transport, maxLength, source };
}

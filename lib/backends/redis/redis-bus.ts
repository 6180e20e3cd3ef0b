import { OptionProblems, systemClock, systemRandom } from '../../core/index.js';
import type { Bus } from '../../tiers/index.js';
import { RedisPubsubBus } from './redis-pubsub-bus.js';
import { RedisStreamBus } from './redis-stream-bus.js';
import { resolveBusOptions, type RedisBusOptions } from './redis-bus.options.js';

/** A bus over Redis or Valkey, on two connections of its own: one to publish, one to listen. */
export function redisBus(options: RedisBusOptions): Bus {
  const settings = resolveBusOptions(new OptionProblems('redisBus'), options);
  return settings.transport === 'stream'
    ? new RedisStreamBus(settings, systemClock, systemRandom)
    : new RedisPubsubBus(settings, systemClock, systemRandom);
}

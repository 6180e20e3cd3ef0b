/* The Redis tier and bus as their user makes them: every name of `nestjs-strata/redis`. ioredis is not installed here. */
import {
  redisBus,
  RedisError,
  redisTier,
  type RedisBusOptions,
  type RedisClient,
  type RedisOptions,
  type RedisTierOptions,
} from 'nestjs-strata/redis';

export async function useRedis(): Promise<Record<string, unknown>> {
  const where: RedisOptions = { url: 'redis://127.0.0.1:1', silence: '1s' };
  const tierOptions: RedisTierOptions = { ...where, ttl: '1h' };
  const busOptions: RedisBusOptions = { ...where, transport: 'stream' };
  const bus = redisBus(busOptions);
  const tier = redisTier(tierOptions);
  const reported = new Promise<unknown>((resolve) => tier.start(resolve));
  let rejection: unknown;
  try {
    await tier.read('strata:users', ['1'], []);
  } catch (error) {
    rejection = error;
  }
  const advice = String(await reported).includes('npm install ioredis');
  await Promise.all([tier.close(), bus.close()]);
  let refusal: unknown;
  try {
    const client: RedisClient = { duplicate: () => undefined, on: () => undefined };
    redisTier({ client });
  } catch (error) {
    refusal = error;
  }
  return { redis: [tier.name, bus.name, rejection instanceof RedisError, advice, refusal instanceof Error] };
}

export const EXPECTED_OF_REDIS = { redis: ['redis', 'redis', true, true, true] };

/* Everything that caches with tiers below memory take from the root entry. */
import {
  CacheEntryTooLargeError,
  CacheTierError,
  CacheUnusableEntryError,
  classCodec,
  createCache,
  defineCache,
  jsonSerializer,
  memoryTier,
  msgpackSerializer,
  taggedSerializer,
  type Bus,
  type CodecOption,
  type CompressionOptions,
  type MemoryTier,
  type MemoryTierOptions,
  type Serializer,
  type SharedCacheOptions,
  type Tier,
  type TierOptions,
  type TierStats,
} from 'nestjs-strata';
import { InProcessTier, inProcessHub } from 'nestjs-strata/testing';

class Point {
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}
}

const points = classCodec(Point, { name: 'point' });
const codec: CodecOption = taggedSerializer({ classes: [points] });
const compression: CompressionOptions = { algorithm: 'gzip', threshold: '1kb' };
const memory: MemoryTierOptions = { maxSize: 10, ttl: '1s' };
const below: TierOptions = { name: 'below', timeout: '1s' };

export async function useTiers() {
  const first: MemoryTier = memoryTier(memory);
  const shared = new InProcessTier(below);
  const hub = inProcessHub();
  const Places = defineCache<string, Point>('places', { codec, compression });
  const node = (tier: Tier, bus: Bus): SharedCacheOptions => ({ namespace: 'app', tiers: [first, tier], bus });
  const a = createCache(Places, node(shared, hub.bus()));
  const b = createCache(Places, node(shared.anotherNode(), hub.bus()));

  await a.put('home', new Point(1, 2));
  const found = await b.get('home');
  const numbers: TierStats | undefined = b.stats().tiers.below;
  await a.invalidate('home');
  const left = await b.get('home');
  await a.close();
  await b.close();
  const serializers: Serializer[] = [
    jsonSerializer(),
    msgpackSerializer({ pack: () => new Uint8Array(), unpack: () => 1 }),
  ];
  const errors = [
    new CacheEntryTooLargeError('below', 'k', 2, 1),
    new CacheTierError('below', 'read', undefined),
    new CacheUnusableEntryError('below', 'k', 'damaged'),
  ];
  return {
    shared: {
      found: found instanceof Point && found.x + found.y,
      hits: numbers?.hits,
      left: left === undefined,
      serializers: serializers.map(({ name }) => name),
      errors: errors.map(({ code }) => code),
    },
  };
}

export const EXPECTED_OF_TIERS = {
  shared: {
    found: 3,
    hits: 1,
    left: true,
    serializers: ['json', 'msgpack'],
    errors: ['CACHE_ENTRY_TOO_LARGE', 'CACHE_TIER', 'CACHE_UNUSABLE_ENTRY'],
  },
};

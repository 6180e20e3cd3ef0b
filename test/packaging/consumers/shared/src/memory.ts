import {
  CacheRegistry,
  defineCache,
  type Heap,
  type HeapCollection,
  type HeapReading,
  type MemoryOption,
  type MemoryOptions,
  type MemoryState,
} from 'nestjs-strata';

export const EXPECTED_OF_MEMORY: Record<string, unknown> = {
  memoryShared: [2 ** 20, true],
  memoryGivenBack: true,
};

/** Caches that share a budget, and give some of it back. */
export async function useMemory(): Promise<Record<string, unknown>> {
  const limitBytes = 100_000;
  let usedBytes = 0;
  const collections: HeapCollection[] = [];
  let tell = (): void => {};
  const heap: Heap = {
    read: (): HeapReading => ({ usedBytes, limitBytes, collection: collections.at(-1) }),
    onCollected: (listener) => {
      tell = listener;
      return () => {};
    },
  };
  const options: MemoryOptions = { budget: '1mb', highWater: 0.7, lowWater: 0.5 };
  const memory: MemoryOption = options;
  const registry = new CacheRegistry({ heap, memory });
  const Texts = defineCache<number, string>('texts');
  registry.define(Texts);
  for (let key = 0; key < 200; key++) await registry.get(Texts).put(key, 'x'.repeat(1_000));
  const before: MemoryState | undefined = registry.memory();
  usedBytes = 90_000;
  collections.push({ liveBytes: 80_000 });
  tell();
  const { memory: evicted } = registry.get(Texts).stats().evictions;
  await registry.close();
  return {
    memoryShared: [before?.maxBytes, before !== undefined && before.usedBytes > 200_000],
    memoryGivenBack: evicted > 10 && evicted < 100,
  };
}

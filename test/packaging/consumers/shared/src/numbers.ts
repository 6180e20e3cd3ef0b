import {
  bufferedEvents,
  CACHE_EVENT_TYPES,
  CacheRegistry,
  defineCache,
  eventBatches,
  type BufferedEventsOptions,
  type BusStats,
  type CacheEvent,
  type CacheEvents,
  type EventBatch,
  type EventBatchOptions,
  type HotKey,
  type Instrument,
  type InstrumentedLoad,
  type MeasuredStep,
  type RegistryStats,
} from 'nestjs-strata';
import { firstValueFrom, take, toArray } from 'rxjs';

export const EXPECTED_OF_NUMBERS: Record<string, unknown> = {
  numbersHottest: ['a', 2],
  numbersPulled: ['miss', 'put', 'hit'],
  numbersGathered: [['put', 'miss'], 0],
  numbersOfAll: ['counted'],
  numbersMeasured: [true, ['b']],
  numbersWithoutBus: true,
  numbersKnowTypes: true,
};

/** Counts lookups, and listens more slowly than it should. */
export async function useNumbers(): Promise<Record<string, unknown>> {
  const registry = new CacheRegistry();
  const Counted = defineCache<string, number>('counted');
  registry.define(Counted);
  const measured: MeasuredStep['kind'][] = [];
  const loads: InstrumentedLoad[] = [];
  const instrument: Instrument = {
    measured: ({ kind }) => void measured.push(kind),
    aroundLoad: (load, proceed) => (loads.push(load), proceed()),
  };
  registry.instrument(instrument);
  const cache = registry.get(Counted);
  const events: CacheEvents<string, number> = cache.events$;
  const limits: EventBatchOptions = { limit: 10 };
  const pulled = eventBatches(events, limits);
  const slowly: BufferedEventsOptions = { ...limits, every: 1 };
  const gathered = firstValueFrom(events.ofType('put', 'miss').pipe(bufferedEvents(slowly)));

  await cache.get('a');
  await cache.put('a', 1);
  await cache.get('a');
  const first: EventBatch<CacheEvent<string, number>> = (await pulled.next()).value;
  const [hottest]: HotKey<string>[] = cache.hotKeys(1);
  const { events: few, missed } = await gathered;
  const [all]: RegistryStats[] = await firstValueFrom(registry.stats$('1s').pipe(take(1), toArray()));
  await cache.getOrLoad('b', () => 2);
  const bus: BusStats | undefined = cache.stats().bus;
  await registry.close();
  return {
    numbersHottest: [hottest?.key, hottest?.lookups],
    numbersPulled: first.events.map(({ type }) => type),
    numbersGathered: [
      few
        .map(({ type }) => type)
        .sort()
        .reverse(),
      missed,
    ],
    numbersOfAll: Object.keys(all ?? {}),
    numbersMeasured: [measured.includes('load'), loads.map(({ keys }) => keys[0])],
    numbersWithoutBus: bus === undefined,
    numbersKnowTypes: first.events.every(({ type }) => CACHE_EVENT_TYPES.includes(type)),
  };
}

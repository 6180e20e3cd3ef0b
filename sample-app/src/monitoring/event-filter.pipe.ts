import { BadRequestException, Injectable, PipeTransform } from '@nestjs/common';
import { CACHE_EVENT_TYPES, type CacheEventType, CacheRegistry } from 'nestjs-strata';

/** Which events a reader wants; of the caches, `undefined` is all. */
export interface EventFilter {
  readonly caches: ReadonlySet<string> | undefined;
  readonly types: readonly CacheEventType[];
}

/** Reads `?cache=cities,nearest&type=hit`, and names what exists when it asks for something else. */
@Injectable()
export class EventFilterPipe implements PipeTransform<{ cache?: unknown; type?: unknown }, EventFilter> {
  constructor(private readonly registry: CacheRegistry) {}

  transform(query: { cache?: unknown; type?: unknown }): EventFilter {
    return {
      caches: chosen('cache', query.cache, this.registry.names()),
      types: [...(chosen('type', query.type, CACHE_EVENT_TYPES) ?? CACHE_EVENT_TYPES)],
    };
  }
}

function chosen<T extends string>(name: string, given: unknown, existing: readonly T[]): ReadonlySet<T> | undefined {
  if (given === undefined) return undefined;
  const wanted = [given].flat().flatMap((text) => String(text).split(','));
  const stranger = wanted.find((text) => !existing.some((name) => name === text));
  if (stranger === undefined) return new Set(existing.filter((name) => wanted.includes(name)));
  throw new BadRequestException(`there is no ${name} "${stranger}"; there are ${existing.join(', ')}`);
}

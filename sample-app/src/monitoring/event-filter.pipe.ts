import { BadRequestException, Injectable, PipeTransform } from '@nestjs/common';
import { CacheRegistry } from 'nestjs-strata';

const TYPES = ['hit', 'miss', 'put', 'load', 'loadError', 'refresh', 'stale', 'evict', 'expire', 'invalidate', 'clear'];

/** Which events a reader wants; `undefined` is all. */
export interface EventFilter {
  readonly caches: ReadonlySet<string> | undefined;
  readonly types: ReadonlySet<string> | undefined;
}

/** Reads `?cache=cities,nearest&type=hit`, and names what exists when it asks for something else. */
@Injectable()
export class EventFilterPipe implements PipeTransform<{ cache?: unknown; type?: unknown }, EventFilter> {
  constructor(private readonly registry: CacheRegistry) {}

  transform(query: { cache?: unknown; type?: unknown }): EventFilter {
    return {
      caches: chosen('cache', query.cache, this.registry.names()),
      types: chosen('type', query.type, TYPES),
    };
  }
}

function chosen(name: string, given: unknown, existing: readonly string[]): ReadonlySet<string> | undefined {
  if (given === undefined) return undefined;
  const wanted = [given].flat().flatMap((text) => String(text).split(','));
  const stranger = wanted.find((text) => !existing.includes(text));
  if (stranger === undefined) return new Set(wanted);
  throw new BadRequestException(`there is no ${name} "${stranger}"; there are ${existing.join(', ')}`);
}

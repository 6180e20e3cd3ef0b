import { Injectable } from '@nestjs/common';
import { type CacheEvent, OnCacheEvent } from 'nestjs-strata';
import { Cities } from '../cities/cities.caches.js';
import type { City } from '../cities/city.js';

const KEPT = 20;

export interface Change {
  readonly id: number | undefined;
  readonly at: string;
}

/** Remembers which cities were changed last. The service that changes them knows nothing of it. */
@Injectable()
export class ChangesService {
  private readonly changes: Change[] = [];

  /** The last one first. */
  latest(): readonly Change[] {
    return this.changes;
  }

  @OnCacheEvent(Cities, 'put')
  onPut(event: CacheEvent<number, City>): void {
    if (event.cause !== 'put') return; // a load brought it, nobody changed it
    this.changes.unshift({ id: event.key, at: new Date(event.at).toISOString() });
    this.changes.length = Math.min(this.changes.length, KEPT);
  }
}

import { defineCache } from 'nestjs-strata';
import { keptSnapshot } from '../caching/kept-snapshot.js';
import type { Nearby } from './nearby.js';
import type { Position } from './position.js';

/** A key may be an object: two that look the same are one key. */
export interface NearestKey extends Position {
  readonly limit: number;
}

/**
 * The cities around a place. Cities do not move, so this holds for long; how many are kept is what matters. It is right
 * whatever happened since a snapshot was taken, also when the app was killed: so the next start begins with it.
 */
export const Nearest = defineCache<NearestKey, Nearby[]>('nearest', {
  ttl: '1d',
  maxSize: 5_000,
  ...keptSnapshot('nearest'),
});

/** The cities around a city, by its id. */
export const Neighbours = defineCache<number, Nearby[]>('neighbours', {
  ttl: '1d',
  maxSize: 5_000,
  ...keptSnapshot('neighbours'),
});

import { defineCache } from 'nestjs-strata';
import type { Weather } from './weather.js';

/**
 * The weather of each city, by its id, for as long as the weather service stands by it. That service is slow at times,
 * and down at others; the guide answers all the same:
 *
 * - A city that is asked for often has its weather loaded anew before it ends, and nobody waits for it.
 * - A reader waits 200 ms for new weather where there is old weather, which then does, and two seconds where there is none.
 * - Old weather does for an hour while the service fails, which is asked every two seconds whether it works again.
 * - A request that hangs is given up after four seconds.
 */
export const WeatherCache = defineCache<number, Weather>('weather', {
  maxSize: 20_000,
  refreshAhead: 0.8,
  staleIfError: '1h',
  staleBackoff: '2s',
  loadTimeout: { soft: '200ms', hard: '2s', hold: '4s' },
});

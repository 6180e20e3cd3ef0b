import { defineCache } from 'nestjs-strata';
import { countryGroup } from '../countries/country.js';
import type { City } from './city.js';

/**
 * Each city that was read, by its id, in the group of its country. Lists keep ids, and look the cities up here. An id that
 * no city has is remembered too, for a minute.
 */
export const Cities = defineCache<number, City>('cities', {
  ttl: '1h',
  maxSize: 20_000,
  negativeTtl: '1m',
  groups: (city) => [countryGroup(city.country)],
});

import { defineCache } from 'nestjs-strata';
import type { CountryStats } from './country.js';

/** The numbers of each country, by its code. There are some 250 countries: all fit. */
export const CountryNumbers = defineCache<string, CountryStats>('countryStats', { ttl: '1h', maxSize: 300 });

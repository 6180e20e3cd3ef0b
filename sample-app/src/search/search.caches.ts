import { defineCache } from 'nestjs-strata';

/** The ids of the cities that a search finds, by the text in lower case. Any reader may ask anything: bounded in bytes. */
export const Searches = defineCache<string, number[]>('searches', { ttl: '10m', maxMemory: '5mb' });

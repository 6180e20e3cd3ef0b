import { seededRandom, zipf } from './random.js';

const SEARCHES = ['san', 'new', 'berlin', 'saint', 'port', 'villa', 'paris', 'lake', 'york', 'santa'];
const COUNTRIES = ['US', 'DE', 'FR', 'IT', 'JP', 'BR', 'IN', 'GB', 'MX', 'ES'];
const CITIES = 40;
const PLACES = 10;

/** A city that readers may ask for. */
export interface Destination {
  readonly cityId: number;
  readonly population: number;
  /** Longitude first. */
  readonly loc: { readonly coordinates: readonly [lon: number, lat: number] };
}

/**
 * The paths that readers ask for, in one order for each seed, so that both phases answer the same questions. Half are
 * for a city, the rest for places, searches and countries; of each, few are asked for often and many seldom.
 */
export function requestMix(seed: number, world: readonly Destination[]): () => string {
  const random = seededRandom(seed);
  const cities = [...world].sort((a, b) => b.population - a.population).slice(0, CITIES);
  const places = cities.slice(0, PLACES).map(
    ({
      loc: {
        coordinates: [lon, lat],
      },
    }) => ({ lat, lon }),
  );
  const city = zipf(cities, random);
  const place = zipf(places, random);
  const search = zipf(SEARCHES, random);
  const country = zipf(COUNTRIES, random);
  return () => {
    const kind = random();
    if (kind < 0.5) return `/cities/${city().cityId}`;
    if (kind < 0.7) return nearest(place());
    if (kind < 0.85) return `/cities/search?name=${search()}`;
    return `/countries/${country()}/stats`;
  };
}

function nearest({ lat, lon }: { lat: number; lon: number }): string {
  return `/cities/nearest?lat=${lat.toFixed(2)}&lon=${lon.toFixed(2)}`;
}

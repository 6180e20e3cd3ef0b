export interface City {
  /** The GeoNames number. */
  readonly id: number;
  readonly name: string;
  /** ISO 3166-1, two letters. */
  readonly country: string;
  readonly population: number;
  readonly lat: number;
  readonly lon: number;
}

/** What a reader may change about a city; what is absent stays. */
export interface CityChange {
  readonly name?: string;
  readonly population?: number;
}

/** The columns of a {@link City}, for a `select` or a `returning`. */
export const CITY_COLUMNS = 'id, name, country, population, lat, lon';

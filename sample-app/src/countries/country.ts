export interface Country {
  /** ISO 3166-1, two letters. */
  readonly code: string;
  readonly cities: number;
}

export interface CountryStats extends Country {
  readonly population: number;
  readonly averagePopulation: number;
  readonly medianPopulation: number;
  /** The five largest cities, largest first. */
  readonly largest: readonly string[];
}

/** The group of everything that is known about a country, in whichever cache. */
export function countryGroup(code: string): string {
  return `country:${code}`;
}

/** A place on the globe, in degrees. */
export interface Position {
  readonly lat: number;
  readonly lon: number;
}

/**
 * The position to a hundredth of a degree, about a kilometre: neighbours in one street ask for one place, and share
 * what is remembered about it.
 */
export function roundedPosition(lat: number, lon: number): Position {
  return { lat: rounded(lat), lon: rounded(lon) };
}

function rounded(degrees: number): number {
  return Math.round(degrees * 100) / 100 + 0; // + 0 makes -0 the 0 that it is
}

/** SQL for the great-circle distance in kilometres from a row of `cities` to a point (haversine, mean Earth radius). */
export function distanceSql(lat: string, lon: string): string {
  return `2 * 6371 * asin(sqrt(least(1,
    power(sin(radians(cities.lat - ${lat}) / 2), 2)
    + cos(radians(${lat})) * cos(radians(cities.lat)) * power(sin(radians(cities.lon - ${lon}) / 2), 2))))`;
}

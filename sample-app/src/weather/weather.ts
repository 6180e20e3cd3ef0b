/** The weather in a city, as the weather service tells it. */
export interface Weather {
  readonly cityId: number;
  readonly sky: string;
  readonly celsius: number;
  readonly windKmh: number;
  /** ISO 8601. */
  readonly measuredAt: string;
  /** How long the weather service stands by it. */
  readonly validForMs: number;
}

/** Whether a body that came over the network is weather; it is another team's, and may be anything. */
export function isWeather(body: unknown): body is Weather {
  const { cityId, sky, celsius, windKmh, measuredAt, validForMs } = Object(body) as Record<string, unknown>; // any object has fields to look at
  return (
    [cityId, celsius, windKmh].every(Number.isFinite) &&
    typeof sky === 'string' &&
    typeof measuredAt === 'string' &&
    typeof validForMs === 'number' &&
    validForMs >= 0
  );
}

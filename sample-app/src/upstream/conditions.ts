import { createHash } from 'node:crypto';

const HOUR_MS = 3_600_000;
const SKIES = ['clear', 'cloudy', 'overcast', 'foggy', 'drizzle', 'rain', 'thunder'] as const;

/** What the weather service knows about one city. */
export interface Conditions {
  readonly cityId: number;
  readonly sky: (typeof SKIES)[number];
  readonly celsius: number;
  readonly windKmh: number;
  /** ISO 8601: the instant of the answer, so that an old one shows. */
  readonly measuredAt: string;
  /** How long the service stands by it. */
  readonly validForMs: number;
}

/** The weather of a city: the same throughout an hour, whoever asks, in every run. */
export function conditionsAt(cityId: number, at: Date, validForMs: number): Conditions {
  const hour = Math.floor(at.getTime() / HOUR_MS);
  const dice = createHash('sha256').update(`${cityId} ${hour}`).digest();
  return {
    cityId,
    sky: SKIES[dice.readUInt16BE(0) % SKIES.length] ?? 'clear',
    celsius: (dice.readUInt16BE(2) % 41) - 5,
    windKmh: dice.readUInt16BE(4) % 60,
    measuredAt: at.toISOString(),
    validForMs,
  };
}

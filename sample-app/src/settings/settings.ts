import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A setting that cannot be used; the message names the variable and says what it takes. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** What the environment says about this start of the app. */
export class Settings {
  private constructor(
    /** `PORT`: where to listen; 0 takes a free port. Default 3000. */
    readonly port: number,
    /** `STRATA_CITIES`: how many cities to fill in, the most populous first. Default: all. */
    readonly cities: number,
    /** `STRATA_DATA`: the folder that keeps the database; `memory` keeps nothing. Default `sample-app/.data`. */
    readonly dataFolder: string | undefined,
    /** `STRATA_CACHE`: `off` sends every call to the database. Default `on`. */
    readonly cacheEnabled: boolean,
    /** `WEATHER_PORT`: where the weather service listens. Default 0: a free port. */
    readonly weatherPort: number,
  ) {}

  static from(environment: NodeJS.ProcessEnv): Settings {
    const { PORT, STRATA_CITIES, STRATA_DATA, STRATA_CACHE, WEATHER_PORT } = environment;
    return new Settings(
      wholeNumber('PORT', PORT, 3000, 0, 65_535),
      wholeNumber('STRATA_CITIES', STRATA_CITIES, Number.MAX_SAFE_INTEGER, 1, Number.MAX_SAFE_INTEGER),
      dataFolder(STRATA_DATA),
      onOrOff('STRATA_CACHE', STRATA_CACHE, true),
      wholeNumber('WEATHER_PORT', WEATHER_PORT, 0, 0, 65_535),
    );
  }
}

function wholeNumber(name: string, text: string | undefined, fallback: number, min: number, max: number): number {
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new SettingsError(`${name} must be a whole number from ${min} to ${max}, not "${text}"`);
}

function dataFolder(text: string | undefined): string | undefined {
  if (text === 'memory') return undefined;
  return text ? resolve(text) : fileURLToPath(new URL('../../.data', import.meta.url));
}

function onOrOff(name: string, text: string | undefined, fallback: boolean): boolean {
  if (text === undefined || text === '') return fallback;
  if (text === 'on' || text === 'off') return text === 'on';
  throw new SettingsError(`${name} must be "on" or "off", not "${text}"`);
}

import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CacheLevels, cacheLevels } from './command-line.js';
import { SettingsError } from './settings-error.js';

/** What the environment and the command line say about this start of the app. */
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
    /** `STRATA_DATABASE`: the address of a database that another process serves, for several nodes. Default: none. */
    readonly databaseUrl: string | undefined,
    /** `STRATA_WARM`: `off` starts with empty caches, and loads nothing before it is asked for. Default `on`. */
    readonly startsWarm: boolean,
    /** `--tiers` and `--redis`: what the caches have beside their memory. Default: nothing. */
    readonly levels: CacheLevels,
  ) {}

  /** Where the tier on disk keeps its file; `undefined` when there is none. */
  get cacheFolder(): string | undefined {
    const { dataFolder, levels } = this;
    return dataFolder !== undefined && levels.tiers.includes('lmdb') ? join(dataFolder, 'cache') : undefined;
  }

  /** Where caches keep what they have for the next start; `undefined` when they keep nothing, or a tier keeps it for them. */
  get snapshotFolder(): string | undefined {
    const { dataFolder, levels, startsWarm, databaseUrl } = this;
    // Several nodes on one database have this folder in common, and a snapshot is of one process.
    return startsWarm && databaseUrl === undefined && levels.tiers.length === 0 ? dataFolder : undefined;
  }

  static from(environment: NodeJS.ProcessEnv, args: readonly string[] = []): Settings {
    const { PORT, STRATA_CITIES, STRATA_DATA, STRATA_CACHE, WEATHER_PORT, STRATA_DATABASE, STRATA_WARM } = environment;
    const folder = dataFolder(STRATA_DATA);
    const levels = cacheLevels(args);
    if (folder === undefined && levels.tiers.includes('lmdb')) {
      throw new SettingsError(
        'the tier lmdb would outlive a database that is kept nowhere; set STRATA_DATA to a folder, or leave lmdb out',
      );
    }
    return new Settings(
      wholeNumber('PORT', PORT, 3000, 0, 65_535),
      wholeNumber('STRATA_CITIES', STRATA_CITIES, Number.MAX_SAFE_INTEGER, 1, Number.MAX_SAFE_INTEGER),
      folder,
      onOrOff('STRATA_CACHE', STRATA_CACHE, true),
      wholeNumber('WEATHER_PORT', WEATHER_PORT, 0, 0, 65_535),
      databaseUrl(STRATA_DATABASE),
      onOrOff('STRATA_WARM', STRATA_WARM, true),
      levels,
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

function databaseUrl(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  if (URL.canParse(text) && new URL(text).protocol === 'http:') return text;
  throw new SettingsError(`STRATA_DATABASE must be an address such as http://127.0.0.1:5000, not "${text}"`);
}

function onOrOff(name: string, text: string | undefined, fallback: boolean): boolean {
  if (text === undefined || text === '') return fallback;
  if (text === 'on' || text === 'off') return text === 'on';
  throw new SettingsError(`${name} must be "on" or "off", not "${text}"`);
}

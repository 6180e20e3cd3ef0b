import { Injectable } from '@nestjs/common';
import { Cacheable, CacheEvict, CacheGroup, CacheWarm } from 'nestjs-strata';
import { DatabaseService } from '../database/database.service.js';
import { FillService } from '../database/fill.service.js';
import { Settings } from '../settings/settings.js';
import { CountryNumbers } from './countries.caches.js';
import { type Country, countryGroup, type CountryStats } from './country.js';

const STATS = `select country as code, count(*)::integer as cities, sum(population)::float8 as population,
    round(avg(population))::float8 as "averagePopulation",
    percentile_cont(0.5) within group (order by population) as "medianPopulation",
    (array_agg(name order by population desc, id))[1:5] as largest
  from cities where country = $1 group by country`;
const LIST = `select country as code, count(*)::integer as cities from cities group by country order by country`;

/** How many countries have their numbers computed at the start. */
const WARMED = 10;

@Injectable()
export class CountriesService {
  constructor(
    private readonly database: DatabaseService,
    private readonly fill: FillService,
    private readonly settings: Settings,
  ) {}

  /** The country's numbers, or `undefined` when it has no city. Those of the largest countries are there before anybody asks. */
  @CacheWarm((service: CountriesService) => service.largest(), { concurrency: 2 })
  @Cacheable(CountryNumbers, { key: (code: string) => code })
  @CacheGroup(countryGroup)
  async stats(code: string): Promise<CountryStats | undefined> {
    const [stats] = await this.database.query<CountryStats>(STATS, [code]);
    return stats;
  }

  /** All countries. No cache is named: the method gets one of its own, `CountriesService.list`. */
  @Cacheable({ ttl: '1h' })
  async list(): Promise<Country[]> {
    return this.database.query<Country>(LIST);
  }

  /** The ten countries with the most cities, each as the arguments of {@link stats}. The list waits for the database. */
  async largest(): Promise<[code: string][]> {
    if (!this.settings.startsWarm) return [];
    await this.fill.ready;
    const countries = await this.list();
    return [...countries]
      .sort((a, b) => b.cities - a.cities)
      .slice(0, WARMED)
      .map(({ code }) => [code]);
  }

  /** Forgets everything about a country, in every cache of the app: its numbers, its cities, their neighbours. */
  @CacheEvict({ group: countryGroup })
  async forget(_code: string): Promise<void> {
    // The decorator does it all, after this method has succeeded.
  }
}

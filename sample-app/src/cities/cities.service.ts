import { Injectable } from '@nestjs/common';
import { Cacheable, CacheEvict, CachePut } from 'nestjs-strata';
import { CountryNumbers } from '../countries/countries.caches.js';
import { DatabaseService } from '../database/database.service.js';
import { Neighbours } from '../nearby/nearby.caches.js';
import { Searches } from '../search/search.caches.js';
import { Cities } from './cities.caches.js';
import { CITY_COLUMNS, type City, type CityChange } from './city.js';

const BY_ID = `select ${CITY_COLUMNS} from cities where id = $1`;
const BY_IDS = `select ${CITY_COLUMNS} from cities where id = any($1::integer[])`;
const UPDATE = `update cities set name = coalesce($2, name), population = coalesce($3, population)
  where id = $1 returning ${CITY_COLUMNS}`;

@Injectable()
export class CitiesService {
  constructor(private readonly database: DatabaseService) {}

  /** The city, or `undefined` when nobody knows it. */
  @Cacheable(Cities, { key: (id: number) => id })
  async find(id: number): Promise<City | undefined> {
    const [city] = await this.database.query<City>(BY_ID, [id]);
    return city;
  }

  /** The cities by their id, in one query. */
  async findAll(ids: readonly number[]): Promise<Map<number, City>> {
    const cities = await this.database.query<City>(BY_IDS, [ids]);
    return new Map(cities.map((city) => [city.id, city]));
  }

  /** Changes a city; who reads it afterwards gets what this returns, without a query. */
  @CachePut(Cities, { key: (city: City) => city.id })
  @CacheEvict(CountryNumbers, { key: (city: City) => city.country })
  @CacheEvict(Searches, { matching: finds })
  async update(city: City, change: CityChange): Promise<City | undefined> {
    const [updated] = await this.database.query<City>(UPDATE, [
      city.id,
      change.name ?? null,
      change.population ?? null,
    ]);
    return updated;
  }

  /** Forgets a city and which cities are around it. */
  @CacheEvict(Cities, { key: (id: number) => id })
  @CacheEvict(Neighbours, { key: (id: number) => id })
  async forget(_id: number): Promise<void> {
    // The decorators do it all, after this method has succeeded.
  }
}

/** Whether a search is about a city, by its old name or by its new one. */
function finds(text: string, city: City, change: CityChange): boolean {
  return [city.name, change.name].some((name) => name?.toLowerCase().includes(text));
}

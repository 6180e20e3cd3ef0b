import { Injectable } from '@nestjs/common';
import { DatabaseService } from '../database/database.service.js';
import { CITY_COLUMNS, type City, type CityChange } from './city.js';

const BY_ID = `select ${CITY_COLUMNS} from cities where id = $1`;
const BY_IDS = `select ${CITY_COLUMNS} from cities where id = any($1::integer[])`;
const UPDATE = `update cities set name = coalesce($2, name), population = coalesce($3, population)
  where id = $1 returning ${CITY_COLUMNS}`;

@Injectable()
export class CitiesService {
  constructor(private readonly database: DatabaseService) {}

  /** The city, or `undefined` when nobody knows it. */
  async find(id: number): Promise<City | undefined> {
    const [city] = await this.database.query<City>(BY_ID, [id]);
    return city;
  }

  /** The cities by their id, in one query. */
  async findAll(ids: readonly number[]): Promise<Map<number, City>> {
    const cities = await this.database.query<City>(BY_IDS, [ids]);
    return new Map(cities.map((city) => [city.id, city]));
  }

  async update(city: City, change: CityChange): Promise<City | undefined> {
    const [updated] = await this.database.query<City>(UPDATE, [
      city.id,
      change.name ?? null,
      change.population ?? null,
    ]);
    return updated;
  }
}

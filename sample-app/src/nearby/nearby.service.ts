import { Injectable } from '@nestjs/common';
import { Cacheable, CacheGroup } from 'nestjs-strata';
import type { City } from '../cities/city.js';
import { countryGroup } from '../countries/country.js';
import { DatabaseService } from '../database/database.service.js';
import { Nearest, Neighbours } from './nearby.caches.js';
import type { Nearby } from './nearby.js';
import { distanceSql, type Position } from './position.js';

// No index helps: the distance to each city of the world is computed, and the shortest are kept.
const NEAREST = `select id, round(km::numeric, 1)::float8 as km
  from (select id, ${distanceSql('$1', '$2')} as km from cities) as distances
  order by distances.km, id limit $3`;
const NEIGHBOURS = `select id, round(km::numeric, 1)::float8 as km
  from (select id, ${distanceSql('$1', '$2')} as km from cities where id <> $3) as distances
  order by distances.km, id limit 8`;

@Injectable()
export class NearbyService {
  constructor(private readonly database: DatabaseService) {}

  /** The cities around a place, nearest first. */
  @Cacheable(Nearest, { key: ({ lat, lon }: Position, limit: number) => ({ lat, lon, limit }) })
  async nearest(position: Position, limit: number): Promise<Nearby[]> {
    return this.database.query<Nearby>(NEAREST, [position.lat, position.lon, limit]);
  }

  /** The eight cities around a city, nearest first. */
  @Cacheable(Neighbours, { key: (city: City) => city.id })
  @CacheGroup((city: City) => countryGroup(city.country))
  async neighbours(city: City): Promise<Nearby[]> {
    return this.database.query<Nearby>(NEIGHBOURS, [city.lat, city.lon, city.id]);
  }
}

import { Body, Controller, Delete, Get, HttpCode, Param, Put, Query, UseGuards } from '@nestjs/common';
import { type Cache, InjectCache } from 'nestjs-strata';
import { DatabaseReadyGuard } from '../database/database-ready.guard.js';
import type { Nearby } from '../nearby/nearby.js';
import { NearbyService } from '../nearby/nearby.service.js';
import { type Position, roundedPosition } from '../nearby/position.js';
import { SearchService } from '../search/search.service.js';
import { NumberPipe } from '../validation/number.pipe.js';
import { TextPipe } from '../validation/text.pipe.js';
import { Cities } from './cities.caches.js';
import { CitiesService } from './cities.service.js';
import { CityChangePipe } from './city-change.pipe.js';
import { cityId } from './city-id.pipe.js';
import type { City, CityChange } from './city.js';
import { unknownCity } from './unknown-city.js';

const latitude = new NumberPipe({ min: -90, max: 90 });
const longitude = new NumberPipe({ min: -180, max: 180 });
const limit = new NumberPipe({ min: 1, max: 50, whole: true, fallback: 10 });
const searchPattern = new TextPipe({ minLength: 1, maxLength: 50 });
const searchText = new TextPipe({ minLength: 2, maxLength: 50 });

type CityAtDistance = City & { readonly km: number };

@Controller('cities')
@UseGuards(DatabaseReadyGuard)
export class CitiesController {
  constructor(
    private readonly service: CitiesService,
    private readonly nearby: NearbyService,
    private readonly searches: SearchService,
    @InjectCache(Cities) private readonly cities: Cache<number, City>,
  ) {}

  @Get('nearest')
  async nearest(
    @Query('lat', latitude) lat: number,
    @Query('lon', longitude) lon: number,
    @Query('limit', limit) count: number,
  ): Promise<{ from: Position; cities: CityAtDistance[] }> {
    const from = roundedPosition(lat, lon);
    return { from, cities: await this.atDistance(await this.nearby.nearest(from, count)) };
  }

  @Get('search')
  async search(@Query('name', searchText) name: string): Promise<City[]> {
    const ids = await this.searches.search(name.toLowerCase());
    const cities = await this.byIds(ids);
    return ids.flatMap((id) => cities.get(id) ?? []);
  }

  /** Forgets the searches whose text matches a glob, such as `ber*`. */
  @Delete('search/cache')
  async forgetSearches(@Query('matching', searchPattern) pattern: string): Promise<{ forgotten: number }> {
    return { forgotten: await this.searches.forget(pattern) };
  }

  @Get(':id')
  async show(@Param('id', cityId) id: number): Promise<City & { neighbours: CityAtDistance[] }> {
    const city = await this.known(id);
    return { ...city, neighbours: await this.atDistance(await this.nearby.neighbours(city)) };
  }

  @Put(':id')
  async update(@Param('id', cityId) id: number, @Body(CityChangePipe) change: CityChange): Promise<City> {
    const updated = await this.service.update(await this.known(id), change);
    return updated ?? unknownCity(id);
  }

  @Delete(':id/cache')
  @HttpCode(204)
  forget(@Param('id', cityId) id: number): Promise<void> {
    return this.service.forget(id);
  }

  private async known(id: number): Promise<City> {
    return (await this.service.find(id)) ?? unknownCity(id);
  }

  private async atDistance(places: readonly Nearby[]): Promise<CityAtDistance[]> {
    const cities = await this.byIds(places.map((place) => place.id));
    return places.flatMap(({ id, km }) => {
      const city = cities.get(id);
      return city === undefined ? [] : { ...city, km };
    });
  }

  /** The cities that the cache knows, and the others in one query. */
  private byIds(ids: readonly number[]): Promise<Map<number, City>> {
    return this.cities.getOrLoadAll(ids, (missing) => this.service.findAll(missing));
  }
}

import type { ServerResponse } from 'node:http';
import { Controller, Get, Param, Res, ServiceUnavailableException, UseGuards } from '@nestjs/common';
import { type Cache, InjectCache, isCacheError } from 'nestjs-strata';
import { CitiesService } from '../cities/cities.service.js';
import type { City } from '../cities/city.js';
import { cityId } from '../cities/city-id.pipe.js';
import { unknownCity } from '../cities/unknown-city.js';
import { DatabaseReadyGuard } from '../database/database-ready.guard.js';
import { WeatherUnavailableError } from './weather-unavailable.error.js';
import { WeatherCache } from './weather.caches.js';
import { WeatherService } from './weather.service.js';
import type { Weather } from './weather.js';

@Controller('cities/:id/weather')
@UseGuards(DatabaseReadyGuard)
export class WeatherController {
  constructor(
    private readonly cities: CitiesService,
    private readonly service: WeatherService,
    @InjectCache(WeatherCache) private readonly cache: Cache<number, Weather>,
  ) {}

  /** The weather; the header `x-weather` says whether it is `fresh`, or `stale` because there is no newer one to be had. */
  @Get()
  async show(
    @Param('id', cityId) id: number,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<Weather & { readonly city: string }> {
    const city = (await this.cities.find(id)) ?? unknownCity(id);
    const weather = await this.weatherOf(city, response);
    response.setHeader('x-weather', (await this.isStale(id, weather)) ? 'stale' : 'fresh');
    return { city: city.name, ...weather };
  }

  private async weatherOf(city: City, response: ServerResponse): Promise<Weather> {
    try {
      return await this.service.inCity(city.id);
    } catch (cause) {
      const reason = reasonOf(cause);
      if (reason === undefined) throw cause;
      response.setHeader('Retry-After', '2');
      throw new ServiceUnavailableException(
        `there is no weather for ${city.name}: ${reason}, and no earlier weather is known; ask again in 2 seconds`,
        { cause },
      );
    }
  }

  /** Asks the cache about the very value that it gave: stale by its own word, or replaced by a newer one since. */
  private async isStale(id: number, weather: Weather): Promise<boolean> {
    const entry = await this.cache.entry(id);
    return entry !== undefined && (entry.stale || entry.value !== weather);
  }
}

/** What a reader is told about an error that means "no weather"; `undefined` for one that is our own fault. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof WeatherUnavailableError) return error.message;
  return isCacheError(error, 'CACHE_LOAD_TIMEOUT') ? 'the weather service took too long' : undefined;
}

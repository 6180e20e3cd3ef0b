import { Injectable } from '@nestjs/common';
import { Cacheable, currentLoad } from 'nestjs-strata';
import { UpstreamServer } from '../upstream/upstream-server.js';
import { WeatherUnavailableError } from './weather-unavailable.error.js';
import { WeatherCache } from './weather.caches.js';
import { isWeather, type Weather } from './weather.js';

@Injectable()
export class WeatherService {
  constructor(private readonly upstream: UpstreamServer) {}

  /** The weather in a city, from the weather service. How old it may be, and how long callers wait, the cache says. */
  @Cacheable(WeatherCache, {
    key: (cityId: number) => cityId,
    ttl: (weather: Weather) => weather.validForMs,
  })
  async inCity(cityId: number): Promise<Weather> {
    // The signal ends the request when the cache gives up on it, and when the app shuts down.
    const answer = await ask(`${this.upstream.address}/weather/${cityId}`, currentLoad()?.signal);
    if (isWeather(answer)) return answer;
    throw new WeatherUnavailableError('the weather service answered with something else');
  }
}

/** The body of an answer; whatever goes wrong, the error says so. */
async function ask(url: string, signal: AbortSignal | undefined): Promise<unknown> {
  let status: number;
  try {
    const response = await fetch(url, { signal });
    if (response.ok) return await response.json();
    status = response.status;
    await response.body?.cancel();
  } catch (cause) {
    throw new WeatherUnavailableError('the weather service did not answer', { cause });
  }
  throw new WeatherUnavailableError(`the weather service answered ${status}`);
}

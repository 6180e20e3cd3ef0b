import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Weather } from '../src/weather/weather.js';
import { type Answer, PATIENCE_MS, type Refusal, RunningApp } from './support/running-app.js';
import { WeatherControl } from './support/weather-control.js';

jest.setTimeout(PATIENCE_MS);

// The ids of GeoNames. Each test has a city of its own, so that no test finds what another one has left.
const BERLIN = 2_950_159;
const PARIS = 2_988_507;
const TOKYO = 1_850_147;
const MADRID = 3_117_735;
const ROME = 3_169_070;
const LIMA = 3_936_456;
const CAIRO = 360_630;
const DELHI = 1_273_294;
const SHANGHAI = 1_796_236;
const ISTANBUL = 745_044;

const FIVE_MINUTES_MS = 300_000;
/** The `staleBackoff` of the weather's cache. */
const BACKOFF_MS = 2_000;

type WeatherAnswer = Weather & { readonly city: string };

describe('the weather of a city', () => {
  let app: RunningApp;
  let service: WeatherControl;
  beforeAll(async () => {
    app = await RunningApp.start();
    service = new WeatherControl(await app.weatherService());
  });
  afterEach(() => service.set({ mode: 'ok', delayMs: 1_000, validForMs: FIVE_MINUTES_MS }));
  afterAll(() => app.stop());

  describe('when the weather service works', () => {
    it('is asked for once, and remembered', async () => {
      const requests = await service.requestsDuring(async () => {
        const first = await weather(BERLIN);
        const second = await weather(BERLIN);
        expect(first.headers.get('x-weather')).toBe('fresh');
        expect(second.headers.get('x-weather')).toBe('fresh');
        expect(first.body).toMatchObject({ city: 'Berlin', cityId: BERLIN, sky: expect.any(String) });
        expect(second.body).toEqual(first.body);
      });
      expect(requests).toBe(1);
    });

    it('is asked for once by fifty readers at once', async () => {
      const requests = await service.requestsDuring(() => weatherFor(50, TOKYO));
      expect(requests).toBe(1);
    });

    it('is loaded anew before it ends, as long as it is read', async () => {
      await service.set({ validForMs: 500 });
      await until(async () => {
        expect((await weather(ISTANBUL)).status).toBe(200);
        return (await refreshes()) > 0;
      });
    });
  });

  describe('when the weather service fails', () => {
    it('is the last one known, marked as stale, and the service is hardly asked', async () => {
      const known = await ended(PARIS);
      await service.set({ mode: 'fail' });
      const startedMs = performance.now();
      const requests = await service.requestsDuring(async () => {
        for (const answer of [...(await weatherFor(50, PARIS)), ...(await weatherFor(50, PARIS))]) {
          expect(answer.headers.get('x-weather')).toBe('stale');
          expect(answer.body).toEqual(known);
        }
      });
      // The first request, and one more for each time that the service has rested.
      expect(requests).toBeGreaterThan(0);
      expect(requests).toBeLessThanOrEqual(1 + Math.floor((performance.now() - startedMs) / BACKOFF_MS));
    });

    it('is new again soon after the service works again', async () => {
      const known = await ended(MADRID);
      await service.set({ mode: 'fail' });
      expect((await weather(MADRID)).headers.get('x-weather')).toBe('stale');
      await service.set({ mode: 'ok', validForMs: FIVE_MINUTES_MS });
      const answer = await freshAgain(MADRID);
      expect(answer.body.measuredAt > known.measuredAt).toBe(true);
    });

    it('is 503 for a city whose weather was never known, with the reason and when to ask again', async () => {
      await service.set({ mode: 'fail' });
      const { status, headers, body } = await app.get<Refusal>(`/cities/${ROME}/weather`);
      expect(status).toBe(503);
      expect(headers.get('retry-after')).toBe('2');
      expect(headers.get('x-weather')).toBeNull();
      expect(body.message).toBe(
        'there is no weather for Rome: the weather service answered 503, and no earlier weather is known; ask again in 2 seconds',
      );
    });
  });

  describe('when the weather service never answers', () => {
    it('is the last one known, marked as stale, from one request for all readers', async () => {
      const known = await ended(LIMA);
      await service.set({ mode: 'hang' });
      const requests = await service.requestsDuring(async () => {
        for (const { headers, body } of await weatherFor(50, LIMA)) {
          expect(headers.get('x-weather')).toBe('stale');
          expect(body).toEqual(known);
        }
      });
      expect(requests).toBe(1);
    });

    it('is new again after the service works again, and the request that hung is given up', async () => {
      const known = await ended(CAIRO);
      await service.set({ mode: 'hang' });
      expect((await weather(CAIRO)).headers.get('x-weather')).toBe('stale');
      await service.set({ mode: 'ok', validForMs: FIVE_MINUTES_MS });
      const answer = await freshAgain(CAIRO);
      expect(answer.body.measuredAt > known.measuredAt).toBe(true);
      await until(async () => (await service.waiting()) === 0);
    });

    it('is 503 for a city whose weather was never known, with the reason and when to ask again', async () => {
      await service.set({ mode: 'hang' });
      const { status, headers, body } = await app.get<Refusal>(`/cities/${DELHI}/weather`);
      expect(status).toBe(503);
      expect(headers.get('retry-after')).toBe('2');
      expect(body.message).toContain('there is no weather for Delhi: the weather service took too long');
    });

    it('leaves the other answers about the city alone', async () => {
      await service.set({ mode: 'hang' });
      expect((await app.get(`/cities/${DELHI}`)).status).toBe(200);
    });
  });

  describe('when the weather service is slow', () => {
    it('is the last one known at first, and later the answer that came late', async () => {
      const known = await ended(SHANGHAI);
      await service.set({ mode: 'slow', delayMs: 1_000, validForMs: FIVE_MINUTES_MS });
      const requests = await service.requestsDuring(async () => {
        const { headers, body } = await weather(SHANGHAI);
        expect(headers.get('x-weather')).toBe('stale');
        expect(body).toEqual(known);
        await freshAgain(SHANGHAI);
      });
      expect(requests).toBe(1);
    });
  });

  describe('from the weather service', () => {
    it('is the same throughout an hour, and another one for another city', async () => {
      const cities = [1, 2, 3, 4, 5];
      const tellAll = async () => {
        const told = await Promise.all(
          cities.map(async (id) => (await fetch(`${service.address}/weather/${id}`)).json()),
        );
        return (told as Weather[]).map(({ sky, celsius, windKmh }) => `${sky} ${celsius} ${windKmh}`);
      };
      const hour = () => new Date().getUTCHours();
      const told = await until(async () => {
        const before = hour();
        const both = [await tellAll(), await tellAll()] as const;
        return hour() === before ? both : undefined;
      });
      expect(told[0]).toEqual(told[1]);
      expect(new Set(told[0]).size).toBeGreaterThan(1);
    });

    it.each([
      [{ mode: 'bang' }, 'mode must be one of ok, fail, hang, slow; received "bang"'],
      [{ delayMs: 0 }, 'delayMs must be a whole number of milliseconds from 1 to 60000; received 0'],
      [{ validForMs: '5s' }, 'validForMs must be a whole number of milliseconds from 1 to 86400000; received "5s"'],
      [{ speed: 1 }, 'there is no "speed"; send "mode", "delayMs" or "validForMs"'],
    ])('refuses the mode %j and says what is wrong', async (mode, message) => {
      const response = await fetch(`${service.address}/mode`, {
        method: 'PUT',
        body: JSON.stringify(mode),
        headers: { 'content-type': 'application/json' },
      });
      expect(response.status).toBe(400);
      expect(((await response.json()) as Refusal).message).toBe(message);
    });
  });

  /** The weather of a city that is known, and no longer fresh. */
  async function ended(id: number): Promise<WeatherAnswer> {
    await service.set({ mode: 'ok', validForMs: 1 });
    const { body } = await weather(id);
    await setTimeout(2);
    return body;
  }

  function freshAgain(id: number): Promise<Answer<WeatherAnswer>> {
    return until(async () => {
      const answer = await weather(id);
      return answer.headers.get('x-weather') === 'fresh' ? answer : undefined;
    });
  }

  async function refreshes(): Promise<number> {
    const { body } = await app.get<{ caches: { weather: { refreshes: number } } }>('/stats');
    return body.caches.weather.refreshes;
  }

  async function weather(id: number): Promise<Answer<WeatherAnswer>> {
    const answer = await app.get<WeatherAnswer>(`/cities/${id}/weather`);
    expect(answer.status).toBe(200);
    return answer;
  }

  function weatherFor(readers: number, id: number): Promise<Answer<WeatherAnswer>[]> {
    return Promise.all(Array.from({ length: readers }, () => weather(id)));
  }
});

describe('a shutdown of the city guide', () => {
  it('ends by itself while the weather service hangs, after it has answered the reader', async () => {
    const app = await RunningApp.start({ STRATA_CITIES: '10' });
    try {
      const service = new WeatherControl(await app.weatherService());
      await service.set({ mode: 'hang' });
      const waiting = app.get<Refusal>(`/cities/${SHANGHAI}/weather`);
      await until(async () => (await service.requests()) === 1);
      // It has 10 seconds; then it is ended, with 1.
      expect(await app.stop()).toBe(0);
      expect((await waiting).status).toBe(503);
    } finally {
      await app.stop('SIGKILL');
    }
  });
});

/** Tries again until there is something, and fails with the test's own time limit. */
async function until<Found>(look: () => Promise<Found | undefined | false>): Promise<Found> {
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await setTimeout(20);
  }
}

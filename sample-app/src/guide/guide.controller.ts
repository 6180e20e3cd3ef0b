import { Controller, Get } from '@nestjs/common';
import { HttpCache } from 'nestjs-strata';
import { UpstreamServer } from '../upstream/upstream-server.js';

/** What can be asked, and what to open next. */
@Controller()
export class GuideController {
  constructor(private readonly upstream: UpstreamServer) {}

  // The same for everybody, so it is sent before guards and pipes; a reader who has it gets 304.
  @Get()
  @HttpCache({ ttl: '1h', maxAge: '1m', query: false, public: true })
  guide(): object {
    return {
      name: 'a city guide: 135,233 cities in a real database, with caches in front of slow queries',
      howToSee: 'open an address twice: the header x-database-queries tells how many queries it took',
      read: {
        '/cities/nearest?lat=52.52&lon=13.41': 'the cities around a place (&limit=1 to 50)',
        '/cities/search?name=san': 'the largest cities whose name contains a text',
        '/cities/2950159': 'Berlin, with its neighbours',
        '/cities/2950159/weather': 'its weather, from a service that may be down: x-weather says whether it is fresh',
        '/countries/DE/stats': 'a country in numbers',
        '/countries': 'all countries',
        '/': 'this page, kept as it is sent: x-cache says HIT, and with If-None-Match it is a 304',
      },
      change: {
        'PUT /cities/2950159': 'send {"population": 3500000}: readers see it at once, without a query',
        'DELETE /cities/2950159/cache': 'forget one city (by key)',
        'DELETE /countries/DE/cache': 'forget what is known about a country, in all caches (by group)',
        'DELETE /cities/search/cache?matching=ber*': 'forget some searches (by pattern)',
      },
      break: {
        [`PUT ${this.upstream.address}/mode`]:
          'the weather service: send {"mode": "fail"}, "hang", "slow" (with delayMs) or "ok"; GET counts its requests',
      },
      watch: {
        '/events': 'what the caches do, live (?cache=cities&type=hit,miss)',
        '/stats': 'hits, misses and latency of each cache',
        '/changes': 'the cities that were changed last',
        '/progress': 'how far the database is, and how many queries were made',
      },
    };
  }
}

import { Module } from '@nestjs/common';
import { CacheModule } from 'nestjs-strata';
import { CitiesModule } from '../cities/cities.module.js';
import { UpstreamServer } from '../upstream/upstream-server.js';
import { WeatherCache } from './weather.caches.js';
import { WeatherController } from './weather.controller.js';
import { WeatherService } from './weather.service.js';

@Module({
  imports: [CacheModule.forFeature([WeatherCache]), CitiesModule],
  controllers: [WeatherController],
  providers: [WeatherService, UpstreamServer],
  exports: [UpstreamServer],
})
export class WeatherModule {}

import { Module } from '@nestjs/common';
import { CacheModule } from 'nestjs-strata';
import { NearbyModule } from '../nearby/nearby.module.js';
import { SearchModule } from '../search/search.module.js';
import { Cities } from './cities.caches.js';
import { CitiesController } from './cities.controller.js';
import { CitiesService } from './cities.service.js';

@Module({
  imports: [CacheModule.forFeature([Cities]), NearbyModule, SearchModule],
  controllers: [CitiesController],
  providers: [CitiesService],
  exports: [CitiesService],
})
export class CitiesModule {}

import { Module } from '@nestjs/common';
import { NearbyModule } from '../nearby/nearby.module.js';
import { SearchModule } from '../search/search.module.js';
import { CitiesController } from './cities.controller.js';
import { CitiesService } from './cities.service.js';

@Module({
  imports: [NearbyModule, SearchModule],
  controllers: [CitiesController],
  providers: [CitiesService],
})
export class CitiesModule {}

import { Module } from '@nestjs/common';
import { CacheModule } from 'nestjs-strata';
import { CountryNumbers } from './countries.caches.js';
import { CountriesController } from './countries.controller.js';
import { CountriesService } from './countries.service.js';

@Module({
  imports: [CacheModule.forFeature([CountryNumbers])],
  controllers: [CountriesController],
  providers: [CountriesService],
})
export class CountriesModule {}

import { Module } from '@nestjs/common';
import { CacheModule } from 'nestjs-strata';
import { Nearest, Neighbours } from './nearby.caches.js';
import { NearbyService } from './nearby.service.js';

@Module({
  imports: [CacheModule.forFeature([Nearest, Neighbours])],
  providers: [NearbyService],
  exports: [NearbyService],
})
export class NearbyModule {}

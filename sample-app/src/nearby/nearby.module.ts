import { Module } from '@nestjs/common';
import { NearbyService } from './nearby.service.js';

@Module({
  providers: [NearbyService],
  exports: [NearbyService],
})
export class NearbyModule {}

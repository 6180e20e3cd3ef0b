import { Module } from '@nestjs/common';
import { CacheModule } from 'nestjs-strata';
import { Searches } from './search.caches.js';
import { SearchService } from './search.service.js';

@Module({
  imports: [CacheModule.forFeature([Searches])],
  providers: [SearchService],
  exports: [SearchService],
})
export class SearchModule {}

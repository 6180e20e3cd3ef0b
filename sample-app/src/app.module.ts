import { Module } from '@nestjs/common';
import { CacheModule } from 'nestjs-strata';
import { surroundingsOf } from './caching/surroundings.js';
import { TierHitsModule } from './caching/tier-hits.module.js';
import { CitiesModule } from './cities/cities.module.js';
import { CountriesModule } from './countries/countries.module.js';
import { DatabaseModule } from './database/database.module.js';
import { GuideModule } from './guide/guide.module.js';
import { MonitoringModule } from './monitoring/monitoring.module.js';
import { Settings } from './settings/settings.js';
import { SettingsModule } from './settings/settings.module.js';
import { WeatherModule } from './weather/weather.module.js';

@Module({
  imports: [
    SettingsModule,
    CacheModule.forRootAsync({
      inject: [Settings],
      useFactory: (settings: Settings) => ({
        defaults: { ttl: '10m', enabled: settings.cacheEnabled },
        memory: true,
        ...surroundingsOf(settings),
      }),
    }),
    TierHitsModule,
    DatabaseModule,
    GuideModule,
    CitiesModule,
    CountriesModule,
    WeatherModule,
    MonitoringModule,
  ],
})
export class AppModule {}

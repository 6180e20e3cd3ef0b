import { Module } from '@nestjs/common';
import { CitiesModule } from './cities/cities.module.js';
import { CountriesModule } from './countries/countries.module.js';
import { DatabaseModule } from './database/database.module.js';
import { GuideModule } from './guide/guide.module.js';
import { SettingsModule } from './settings/settings.module.js';

@Module({
  imports: [SettingsModule, DatabaseModule, GuideModule, CitiesModule, CountriesModule],
})
export class AppModule {}

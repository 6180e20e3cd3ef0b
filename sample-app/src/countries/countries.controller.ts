import { Controller, Delete, Get, HttpCode, NotFoundException, Param, UseGuards } from '@nestjs/common';
import { DatabaseReadyGuard } from '../database/database-ready.guard.js';
import { CountryCodePipe } from '../validation/country-code.pipe.js';
import { CountriesService } from './countries.service.js';
import type { Country, CountryStats } from './country.js';

@Controller('countries')
@UseGuards(DatabaseReadyGuard)
export class CountriesController {
  constructor(private readonly service: CountriesService) {}

  @Get()
  list(): Promise<Country[]> {
    return this.service.list();
  }

  @Get(':code/stats')
  async stats(@Param('code', CountryCodePipe) code: string): Promise<CountryStats> {
    const stats = await this.service.stats(code);
    if (stats === undefined) throw new NotFoundException(`no city is in the country ${code}; /countries lists them`);
    return stats;
  }

  @Delete(':code/cache')
  @HttpCode(204)
  forget(@Param('code', CountryCodePipe) code: string): Promise<void> {
    return this.service.forget(code);
  }
}

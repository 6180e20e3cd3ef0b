import { Module } from '@nestjs/common';
import { WeatherModule } from '../weather/weather.module.js';
import { GuideController } from './guide.controller.js';

@Module({ imports: [WeatherModule], controllers: [GuideController] })
export class GuideModule {}

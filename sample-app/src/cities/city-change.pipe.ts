import { BadRequestException, Injectable, PipeTransform } from '@nestjs/common';
import type { CityChange } from './city.js';

const MAX_NAME = 200;
const MAX_POPULATION = 100_000_000;

/** Reads the body of an update. */
@Injectable()
export class CityChangePipe implements PipeTransform<unknown, CityChange> {
  transform(body: unknown): CityChange {
    const { name, population, ...unknown } = Object(body) as Record<string, unknown>; // any object has fields to look at
    const [stranger] = Object.keys(unknown);
    if (stranger !== undefined) {
      throw new BadRequestException(`"${stranger}" cannot be changed; send "name", "population" or both`);
    }
    if (name === undefined && population === undefined) {
      throw new BadRequestException('nothing to change; send {"population": 3500000}, {"name": "Berlin"} or both');
    }
    return {
      ...(name !== undefined && { name: validName(name) }),
      ...(population !== undefined && { population: validPopulation(population) }),
    };
  }
}

function validName(given: unknown): string {
  if (typeof given === 'string' && given.trim() !== '' && given.length <= MAX_NAME) return given.trim();
  throw new BadRequestException(
    `name must be a text of 1 to ${MAX_NAME} characters; received ${JSON.stringify(given)}`,
  );
}

function validPopulation(given: unknown): number {
  const isCount = typeof given === 'number' && Number.isInteger(given) && given >= 0 && given <= MAX_POPULATION;
  if (isCount) return given;
  throw new BadRequestException(
    `population must be a whole number from 0 to ${MAX_POPULATION}; received ${JSON.stringify(given)}`,
  );
}

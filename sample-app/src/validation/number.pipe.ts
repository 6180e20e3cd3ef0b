import { ArgumentMetadata, BadRequestException, Injectable, PipeTransform } from '@nestjs/common';

export interface NumberRange {
  readonly min: number;
  readonly max: number;
  /** Refuses fractions. Default `false`. */
  readonly whole?: boolean;
  /** Used when the parameter is absent; without it, the parameter is required. */
  readonly fallback?: number;
}

/** Reads a number from a path or a query, and says what the parameter takes when it is none. */
@Injectable()
export class NumberPipe implements PipeTransform<unknown, number> {
  constructor(private readonly range: NumberRange) {}

  transform(given: unknown, { data: name = 'the value' }: ArgumentMetadata): number {
    const { min, max, whole = false, fallback } = this.range;
    if (given === undefined && fallback !== undefined) return fallback;
    const value = typeof given === 'string' && given.trim() !== '' ? Number(given) : Number.NaN;
    if (value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
    const kind = whole ? 'a whole number' : 'a number';
    const received = given === undefined ? 'it is missing' : `received ${JSON.stringify(given)}`;
    throw new BadRequestException(`${name} must be ${kind} from ${min} to ${max}; ${received}`);
  }
}

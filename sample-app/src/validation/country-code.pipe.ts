import { BadRequestException, Injectable, PipeTransform } from '@nestjs/common';

/** Reads a country's two letters (ISO 3166-1), in either case. */
@Injectable()
export class CountryCodePipe implements PipeTransform<string, string> {
  transform(given: string): string {
    const code = given.toUpperCase();
    if (/^[A-Z]{2}$/.test(code)) return code;
    throw new BadRequestException(
      `the country must be two letters, such as DE, FR or JP; received ${JSON.stringify(given)}`,
    );
  }
}

import { ArgumentMetadata, BadRequestException, Injectable, PipeTransform } from '@nestjs/common';

export interface TextShape {
  readonly minLength: number;
  readonly maxLength: number;
}

/** Reads a text from a path or a query, without the spaces around it. */
@Injectable()
export class TextPipe implements PipeTransform<unknown, string> {
  constructor(private readonly shape: TextShape) {}

  transform(given: unknown, { data: name = 'the value' }: ArgumentMetadata): string {
    const { minLength, maxLength } = this.shape;
    const text = typeof given === 'string' ? given.trim() : '';
    if (text.length >= minLength && text.length <= maxLength) return text;
    const received = given === undefined ? 'it is missing' : `received ${JSON.stringify(given)}`;
    throw new BadRequestException(`${name} must be a text of ${minLength} to ${maxLength} characters; ${received}`);
  }
}

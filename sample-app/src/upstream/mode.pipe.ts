import { BadRequestException, Injectable, PipeTransform } from '@nestjs/common';
import { type Mode, MODES } from './mode.js';

const LONGEST_DELAY_MS = 60_000;
const LONGEST_VALIDITY_MS = 86_400_000;

/** Reads the body of `PUT /mode`; what is absent stays. */
@Injectable()
export class ModePipe implements PipeTransform<unknown, Partial<Mode>> {
  transform(body: unknown): Partial<Mode> {
    const { mode, delayMs, validForMs, ...unknown } = Object(body) as Record<string, unknown>; // any object has fields to look at
    const [stranger] = Object.keys(unknown);
    if (stranger !== undefined) {
      throw new BadRequestException(`there is no "${stranger}"; send "mode", "delayMs" or "validForMs"`);
    }
    return {
      ...(mode !== undefined && { mode: knownMode(mode) }),
      ...(delayMs !== undefined && { delayMs: milliseconds('delayMs', delayMs, LONGEST_DELAY_MS) }),
      ...(validForMs !== undefined && { validForMs: milliseconds('validForMs', validForMs, LONGEST_VALIDITY_MS) }),
    };
  }
}

function knownMode(given: unknown): Mode['mode'] {
  const known = MODES.find((mode) => mode === given);
  if (known !== undefined) return known;
  throw new BadRequestException(`mode must be one of ${MODES.join(', ')}; received ${JSON.stringify(given)}`);
}

function milliseconds(name: string, given: unknown, max: number): number {
  if (typeof given === 'number' && Number.isInteger(given) && given >= 1 && given <= max) return given;
  throw new BadRequestException(
    `${name} must be a whole number of milliseconds from 1 to ${max}; received ${JSON.stringify(given)}`,
  );
}

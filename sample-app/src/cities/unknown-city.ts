import { NotFoundException } from '@nestjs/common';

/** Answers a reader who asks for a city that does not exist. */
export function unknownCity(id: number): never {
  throw new NotFoundException(`no city has the id ${id}; find one with /cities/search?name=`);
}

import { RecordName, SpaceName } from './record-name.js';

/** Names of records, by the names of their spaces, of which an application has a few. */
export class Names {
  private readonly spaces = new Map<string, SpaceName>();

  constructor(private readonly seed: number) {}

  of(space: string, key: string): RecordName {
    return new RecordName(this.space(space), key);
  }

  space(name: string): SpaceName {
    const space = this.spaces.get(name) ?? new SpaceName(name, this.seed);
    this.spaces.set(name, space);
    return space;
  }
}

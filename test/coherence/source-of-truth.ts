import { fstatSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What the caches of all processes cache: for each key a version that only rises. It is the length of a file, to which a
 * process appends a byte: the kernel counts, whoever is stopped or killed, and no server has to be asked.
 */
export class SourceOfTruth {
  private readonly files = new Map<string, number>();

  constructor(private readonly folder: string) {}

  current(cache: string, key: string): number {
    return fstatSync(this.file(cache, key)).size;
  }

  /** Raises the version, and returns what is current then: no lower than what this call made of it. */
  raise(cache: string, key: string): number {
    writeSync(this.file(cache, key), '+');
    return this.current(cache, key);
  }

  private file(cache: string, key: string): number {
    const name = `${cache}-${key}`;
    let file = this.files.get(name);
    if (file === undefined) this.files.set(name, (file = openSync(join(this.folder, name), 'a')));
    return file;
  }
}

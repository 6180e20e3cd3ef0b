import { resolve } from 'node:path';
import { CacheOptionsError } from '../../core/index.js';

/** A file that a cache keeps, and the option that names it. */
export interface OwnFile {
  readonly option: string;
  readonly path: string;
}

/** Whose the files are that the caches of an application keep. Two that keep one would lose what the other has written, at each start. */
export class OwnedFiles {
  private readonly owners = new Map<string, string>();

  /** Throws `CacheOptionsError` when one of them is another cache's. */
  claim(cache: string, files: readonly OwnFile[]): void {
    for (const { option, path } of files) {
      const owner = this.owners.get(resolve(path)) ?? cache;
      if (owner === cache) continue;
      const rule = `must be a file of this cache alone, and cache "${owner}" keeps it; give each its own`;
      throw new CacheOptionsError(`cache "${cache}"`, [{ option, rule, received: path }]);
    }
    for (const { path } of files) this.owners.set(resolve(path), cache);
  }
}

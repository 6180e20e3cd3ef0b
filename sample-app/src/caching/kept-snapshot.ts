import { join } from 'node:path';
import type { SnapshotOptions } from 'nestjs-strata';
import { Settings } from '../settings/settings.js';

/**
 * Where a cache keeps what it holds from one start to the next. Definitions are made when their file is loaded, before Nest is
 * there, so this looks at the environment itself.
 */
export function keptSnapshot(cache: string): { readonly snapshot?: SnapshotOptions } {
  const folder = snapshotFolder();
  return folder === undefined ? {} : { snapshot: { path: join(folder, `${cache}.snapshot`), every: '5m' } };
}

function snapshotFolder(): string | undefined {
  try {
    return Settings.from(process.env, process.argv.slice(2)).snapshotFolder;
  } catch {
    // main() says what is wrong with the settings, and ends.
    return undefined;
  }
}

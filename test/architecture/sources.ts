import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Source texts by their path from the root of the repository, with `/` in between. */
export type Sources = ReadonlyMap<string, string>;

/** A place in a source that breaks a rule, in the form that editors turn into a link. */
export interface Violation {
  readonly at: string;
  readonly rule: string;
}

/** Every TypeScript file below a folder. */
export function readSources(folder: string): Sources {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && file.name.endsWith('.ts'))
    .map((file) => join(file.parentPath, file.name).replaceAll('\\', '/'))
    .toSorted();
  return new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));
}

/** Sources for a rule's own test. */
export function sources(texts: Readonly<Record<string, string>>): Sources {
  return new Map(Object.entries(texts));
}

/** What a gate prints, so that nobody takes one that saw nothing for one that found nothing. */
export function tell(gate: string, seen: Readonly<Record<string, number>>): void {
  const counts = Object.entries(seen).map(([what, count]) => `${count} ${what}`);
  process.stderr.write(`${gate}: ${counts.join(', ')}\n`);
}

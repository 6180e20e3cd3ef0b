import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Whether `output` is missing, or older than any of `inputs` (files, or folders with all their files). */
export function isStale(output, inputs) {
  const builtAt = modifiedAt(output);
  return inputs.some((input) => newest(input) > builtAt);
}

function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return -Infinity;
  if (!stat.isDirectory()) return stat.mtimeMs;
  // The folder's own time tells of files removed or renamed.
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), stat.mtimeMs);
}

function modifiedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? -Infinity;
}

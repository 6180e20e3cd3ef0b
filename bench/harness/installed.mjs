import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));

/**
 * Peers that take minutes to compile, and are measured only where somebody installed them:
 * `npm install --no-save @keyv/sqlite`.
 */
export const OPTIONAL_PEERS = ['@keyv/sqlite'];

export function isInstalled(name) {
  return existsSync(join(modules, name, 'package.json'));
}

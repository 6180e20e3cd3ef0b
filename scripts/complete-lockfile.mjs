/*
 * Adds to the lockfile what `npm install` leaves out when a registry mirror lacks the builds for some platforms: without
 * them `npm ci` refuses the lockfile as out of sync, on every platform. An added entry names version and platform, so npm
 * skips it elsewhere and fetches it there. Run it after each change of the dependencies: node scripts/complete-lockfile.mjs
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run.mjs';

const OPERATING_SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const ARCHITECTURES = {
  arm: 'arm',
  arm64: 'arm64',
  ia32: 'ia32',
  loong64: 'loong64',
  ppc64: 'ppc64',
  riscv64: 'riscv64',
  s390x: 's390x',
  x64: 'x64',
};
const LIBRARIES = { gnu: 'glibc', musl: 'musl' };

const file = join(root, 'package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8'));
let added = 0;

for (const [path, { optionalDependencies = {}, dev }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const places = [`${path}/node_modules/${name}`, `node_modules/${name}`];
    if (places.some((place) => place in lock.packages)) continue;
    const platform = platformOf(name);
    if (platform === undefined)
      throw new Error(`${name}, an optional dependency of ${path}, names no platform known here`);
    lock.packages[`node_modules/${name}`] = { version, ...platform, ...(dev && { dev }), optional: true };
    added++;
  }
}

const { '': own, ...others } = lock.packages;
const sorted = Object.entries(others).toSorted(([a], [b]) => a.localeCompare(b, 'en'));
lock.packages = { '': own, ...Object.fromEntries(sorted) };
if (added > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`lockfile: ${added} packages of other platforms added`);

/** `@scope/name-linux-x64-musl` runs on Linux, on x64, with musl. */
function platformOf(name) {
  const parts = name.split('/').at(-1).split('-');
  const os = parts.find((part) => OPERATING_SYSTEMS.includes(part));
  const cpu = parts.map((part) => ARCHITECTURES[part]).find((part) => part !== undefined);
  if (os === undefined || cpu === undefined) return undefined;
  const libc = os === 'linux' ? parts.map((part) => LIBRARIES[part]).find((part) => part !== undefined) : undefined;
  return { cpu: [cpu], ...(libc && { libc: [libc] }), os: [os] };
}

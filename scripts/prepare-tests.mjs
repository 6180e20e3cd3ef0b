/*
 * What the tests need beside Node, brought before the first of them: real servers, and a browser. Where apt and root are
 * there it installs what is missing; else it stops with the command that does. When nothing is missing it costs a look at
 * the PATH. No service is started: the tests start their own servers on free ports.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Programs, by any of their names, and the Debian packages that have them. */
const NEEDED = [
  { programs: ['redis-server'], debianPackage: 'redis-server' },
  { programs: ['redis-cli'], debianPackage: 'redis-tools' },
  { programs: ['memcached'], debianPackage: 'memcached' },
  { programs: ['chromium', 'chromium-browser', 'google-chrome'], debianPackage: 'chromium' },
];

/** What Debian asks whether a service may be started; its answer 101 is no. */
const POLICY_FILE = '/usr/sbin/policy-rc.d';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const NO_SERVICE =
  '#!/bin/sh\n# Of a test run that installs servers: it starts its own, so no service begins.\nexit 101\n';

/**
 * Returns the exit code: 0 when everything is there, also after it was installed.
 * The surroundings are handed in, so that they can be others in a test.
 */
export function prepareTests({ path, isRoot, policyFile = POLICY_FILE, say = console.error, env = process.env }) {
  const missing = () => NEEDED.filter(({ programs }) => programs.every((program) => find(program, path) === undefined));
  const wanted = missing().map(({ debianPackage }) => debianPackage);
  if (wanted.length === 0) return 0;

  const command = `apt-get update && apt-get install --yes --no-install-recommends ${wanted.join(' ')}`;
  const apt = find('apt-get', path);
  if (apt === undefined || !isRoot) {
    const why = apt === undefined ? 'there is no apt-get here' : 'only root may install it';
    say(
      `The tests start real servers and a browser. Missing: ${wanted.join(', ')}; ${why}. Install with:\n\n  ${command}\n`,
    );
    return 1;
  }

  say(`prepare: installing ${wanted.join(', ')}`);
  const failure = withoutServices(policyFile, () => install(apt, wanted, { ...env, PATH: path }));
  const left = missing().map(({ programs }) => programs[0]);
  if (left.length === 0) return 0;
  say(
    `${failure}\nThe tests start real servers and a browser. Still missing: ${left.join(', ')}. Install with:\n\n  ${command}\n`,
  );
  return 1;
}

/** Installs packages, with fresh lists only where those that are there do not do. Returns what apt said when it failed. */
function install(apt, packages, env) {
  const run = (...args) => {
    const { status, stdout, stderr, error } = spawnSync(apt, ['-o', 'DPkg::Lock::Timeout=300', ...args], {
      encoding: 'utf8',
      // A service that is enabled for no other runlevel than the usual ones stays down in this one.
      env: { ...env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
      maxBuffer: 2 ** 28,
    });
    return status === 0 ? undefined : `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`;
  };
  const installed = () => run('install', '--yes', '--quiet', '--no-install-recommends', ...packages);
  const failure = installed();
  if (failure === undefined) return '';
  return run('update', '--quiet') ?? installed() ?? failure;
}

/** Keeps Debian from starting the services of what is installed meanwhile, and leaves its policy as it was. */
function withoutServices(policyFile, task) {
  if (existsSync(policyFile) && spawnSync(policyFile, ['redis-server', 'start']).status === 101) return task();
  const aside = `${policyFile}.before-tests`;
  if (existsSync(policyFile)) renameSync(policyFile, aside);
  writeFileSync(policyFile, NO_SERVICE, { mode: 0o755 });
  // Who interrupts this ends apt-get, and then the policy is put back before we end.
  const later = () => {};
  for (const signal of SIGNALS) process.on(signal, later);
  try {
    return task();
  } finally {
    for (const signal of SIGNALS) process.off(signal, later);
    if (existsSync(aside)) renameSync(aside, policyFile);
    else rmSync(policyFile, { force: true });
  }
}

function find(program, path) {
  return path
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.exit(prepareTests({ path: process.env.PATH ?? '', isRoot: process.getuid?.() === 0 }));
}

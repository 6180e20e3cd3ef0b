import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { prepareTests } from '../../../scripts/prepare-tests.mjs';

let folder: string;
let bin: string;
let policyFile: string;
let said: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strata-prepare-'));
  bin = join(folder, 'bin');
  policyFile = join(folder, 'policy-rc.d');
  said = [];
  await mkdir(bin);
  const system = join(folder, 'system');
  await mkdir(system);
  for (const tool of ['cat', 'chmod', 'touch']) await symlink(`/bin/${tool}`, join(system, tool));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function program(name: string, script = ''): Promise<void> {
  const file = join(bin, name);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
}

/** An apt-get that logs how it is called, what policy stands and what it is told by the environment, and installs. */
async function aptGet({ listsAreFresh = true, brings = ['redis-server', 'redis-cli', 'memcached', 'chromium'] } = {}) {
  const programs = brings.map((name) => `printf '#!/bin/sh\\n' > '${bin}/${name}'; chmod 755 '${bin}/${name}'`);
  await program(
    'apt-get',
    `echo "$@" >> '${folder}/calls'
    echo "$DEBIAN_FRONTEND $RUNLEVEL" >> '${folder}/environment'
    cat '${policyFile}' >> '${folder}/policies' 2>/dev/null
    case "$*" in
      *update*) touch '${folder}/fresh' ;;
      *install*)
        ${listsAreFresh ? '' : `[ -e '${folder}/fresh' ] || { echo 'E: Unable to locate package'; exit 100; }`}
        ${programs.join('\n')}
        : ;;
    esac`,
  );
}

const seen = async (what: string): Promise<string> => await readFile(join(folder, what), 'utf8').catch(() => '');

function prepare({ isRoot = true } = {}): number {
  // Behind our folder stands what a shell script needs; none of the programs that are looked for is there.
  const path = [bin, join(folder, 'system')].join(delimiter);
  return prepareTests({ path, isRoot, policyFile, say: (text) => said.push(text), env: { PATH: path } });
}

describe('the preparation of the tests', () => {
  it('does nothing when everything is there', async () => {
    await aptGet();
    for (const name of ['redis-server', 'redis-cli', 'memcached', 'google-chrome']) await program(name);
    expect(prepare()).toBe(0);
    expect([said, await seen('calls')]).toEqual([[], '']);
  });

  it('installs what is missing, and only that', async () => {
    await aptGet();
    await program('memcached');
    expect(prepare()).toBe(0);
    expect(await seen('calls')).toMatch(
      /^-o DPkg::Lock::Timeout=\d+ install --yes --quiet --no-install-recommends redis-server redis-tools chromium\n$/,
    );
    expect(await seen('environment')).toBe('noninteractive 1\n');
    expect(said).toEqual(['prepare: installing redis-server, redis-tools, chromium']);
  });

  it('asks for fresh lists only where those that are there do not do', async () => {
    await aptGet({ listsAreFresh: false });
    expect(prepare()).toBe(0);
    const calls = (await seen('calls')).trimEnd().split('\n');
    expect(calls.map((call) => /install|update/.exec(call)?.[0])).toEqual(['install', 'update', 'install']);
  });

  it('keeps services from starting meanwhile, and leaves nothing of that behind', async () => {
    await aptGet();
    expect(prepare()).toBe(0);
    expect(await seen('policies')).toContain('exit 101');
    expect(existsSync(policyFile)).toBe(false);
  });

  it('puts back a policy that lets services start', async () => {
    await aptGet();
    await writeFile(policyFile, '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    expect(prepare()).toBe(0);
    expect(await seen('policies')).toContain('exit 101');
    expect(await readFile(policyFile, 'utf8')).toBe('#!/bin/sh\nexit 0\n');
  });

  it('leaves a policy alone that lets none start', async () => {
    await aptGet();
    const policy = '#!/bin/sh\n# mine\nexit 101\n';
    await writeFile(policyFile, policy, { mode: 0o755 });
    expect(prepare()).toBe(0);
    expect(await seen('policies')).toBe(policy);
    expect(await readFile(policyFile, 'utf8')).toBe(policy);
  });

  describe('stops with the command that helps', () => {
    it('where there is no root', async () => {
      await aptGet();
      expect(prepare({ isRoot: false })).toBe(1);
      expect(said.join()).toContain('only root may install it');
      expect(said.join()).toContain(
        'apt-get update && apt-get install --yes --no-install-recommends redis-server redis-tools memcached chromium',
      );
      expect(await seen('calls')).toBe('');
    });

    it('where there is no apt', () => {
      expect(prepare()).toBe(1);
      expect(said.join()).toContain('there is no apt-get here');
    });

    it('where installing does not help, with what apt says', async () => {
      await program('apt-get', `echo 'E: no such thing'; exit 100`);
      expect(prepare()).toBe(1);
      expect(said.join()).toContain('E: no such thing');
      expect(said.join()).toContain('Still missing: redis-server, redis-cli, memcached, chromium');
      expect(existsSync(policyFile)).toBe(false);
    });

    it('where a package brings no program', async () => {
      await aptGet({ brings: ['redis-server', 'redis-cli', 'memcached'] });
      expect(prepare()).toBe(1);
      expect(said.join()).toContain('Still missing: chromium');
    });
  });
});

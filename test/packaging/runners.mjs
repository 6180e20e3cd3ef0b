import { join } from 'node:path';
import { Failure, node, output } from './checks.mjs';

/** Runs the compiled consumer in Node and in the test runners that its users have. */
export async function checkRunners(checks, { name, folder }) {
  const cwd = folder;
  const tool = (file) => join(folder, 'node_modules', file);

  await checks.run(`${name} runs it in Node`, async () => last(await output(node, ['out/main.js'], { cwd })));

  if (name === 'nest-12') {
    await checks.run('nest-12 runs it in Jest with native ES modules', async () =>
      counted(
        await output(node, ['--experimental-vm-modules', '--no-warnings', tool('jest/bin/jest.js'), '--ci'], { cwd }),
        /^Tests: +(\d+) passed, \1 total$/m,
      ),
    );
    await checks.run('nest-12 runs it in Vitest', async () =>
      counted(await output(node, [tool('vitest/vitest.mjs'), 'run'], { cwd }), /^ +Tests +(\d+) passed \(\1\)$/m),
    );
  } else {
    await checks.run('nest-11 runs it in Jest with CommonJS', async () =>
      counted(await output(node, [tool('jest/bin/jest.js'), '--ci'], { cwd }), /^Tests: +(\d+) passed, \1 total$/m),
    );
  }
}

/** The suite that Keyv has for its stores. */
export async function runKeyvSuite({ folder }) {
  const vitest = join(folder, 'node_modules/vitest/vitest.mjs');
  const text = await output(node, [vitest, 'run', '--root', folder, 'keyv-test-suite'], { cwd: folder });
  return counted(text, /^ +Tests +(\d+) passed \(\1\)$/m);
}

function counted(text, pattern) {
  const [, count] = pattern.exec(text) ?? [];
  if (count === undefined || Number(count) === 0) throw new Failure(`ran no test\n${text}`);
  return `${count} tests`;
}

function last(text) {
  return text.trimEnd().split('\n').at(-1);
}

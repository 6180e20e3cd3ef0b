/*
 * What users get, from the packed tarball: it is installed into an app on Nest 12 (ES modules) and one on Nest 11
 * (CommonJS), compiled against, run, and loaded by each test runner. Nothing here sees the sources but test/types.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Checks, Failure, node, outcome, output } from './checks.mjs';
import { checkEntries } from './entries.mjs';
import { checkDropIn } from './drop-in.mjs';
import { checkRunners, runKeyvSuite } from './runners.mjs';
import { checkTypes } from './types.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'strata-packaging-'));
const startedAt = performance.now();
const checks = new Checks();

try {
  const tarball = await pack();
  await checks.run('the tarball holds what is published and nothing else', () => checkContent(tarball));
  await checks.run('publint finds nothing', () =>
    output(node, [
      join(root, 'node_modules/publint/src/cli.js'),
      'run',
      tarball.path,
      '--strict',
      '--level',
      'suggestion',
    ]).then(requireNoSuggestion),
  );
  await checks.run('attw finds nothing, under any resolution', () => checkWithAttw(tarball));

  for (const name of ['nest-12', 'nest-11']) {
    const consumer = { name, folder: join(folder, name), root };
    await checks.run(`${name} installs the tarball`, () => install(consumer, tarball));
    await checkTypes(checks, consumer);
    await checkRunners(checks, consumer);
    await checkEntries(checks, consumer);
  }

  const dropIn = { name: 'cache-manager', folder: join(folder, 'cache-manager'), root };
  await checks.run('cache-manager installs the tarball beside @nestjs/cache-manager 3', () => install(dropIn, tarball));
  await checkDropIn(checks, dropIn);

  const consumer = { name: 'keyv', folder: join(folder, 'keyv'), root };
  // What Keyv's suite compiles for other stores is not needed here.
  await checks.run('keyv installs the tarball', () => install(consumer, tarball, ['--ignore-scripts']));
  await checks.run("keyv passes Keyv's own suite over a cache", () => runKeyvSuite(consumer));
} catch (error) {
  checks.failed++;
  console.log(error instanceof Failure ? error.message : error);
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

const { passed, failed } = checks;
if (process.env.STRATA_TEST_REPORT) {
  await writeFile(process.env.STRATA_TEST_REPORT, `${JSON.stringify({ passed, failed, skipped: 0 })}\n`);
}
console.log(`packaging took ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

async function pack() {
  await output(node, ['scripts/build.mjs', '--when-stale'], { cwd: root });
  const { code, text } = await outcome('npm', ['pack', '--json', '--silent', '--pack-destination', folder], {
    cwd: root,
  });
  if (code !== 0) throw new Failure(`npm pack ended with ${code}\n${text}`);
  // Warnings of npm may stand around its JSON.
  const [report] = JSON.parse(text.slice(text.indexOf('[\n'), text.lastIndexOf(']') + 1));
  return { path: join(folder, report.filename), files: report.files.map(({ path }) => path) };
}

function checkContent({ files }) {
  const odd = files.filter(
    (file) =>
      !/^(package\.json|README\.md|CHANGELOG\.md|LICENSE|grafana\/dashboard\.json|dist\/cjs\/package\.json|dist\/(esm|cjs)\/.+(\.js|\.d\.ts)|dist\/page\/[\w-]+\.(js|css|html|svg|txt))$/.test(
        file,
      ),
  );
  if (odd.length > 0) throw new Failure(`does not belong there: ${odd.join(', ')}`);
  const ofPage = ['index.html', 'main.js', 'uplot.js', 'uplot-LICENSE.txt'].map((file) => `dist/page/${file}`);
  for (const needed of [
    'LICENSE',
    'README.md',
    'CHANGELOG.md',
    'grafana/dashboard.json',
    'dist/cjs/package.json',
    'dist/esm/index.js',
    ...ofPage,
  ]) {
    if (!files.includes(needed)) throw new Failure(`${needed} is missing`);
  }
  const [esm, cjs] = ['esm', 'cjs'].map(
    (kind) => files.filter((file) => file.startsWith(`dist/${kind}/`) && file.endsWith('s')).length,
  );
  if (esm !== cjs) throw new Failure(`${esm} files in dist/esm, ${cjs} in dist/cjs`);
  return `${files.length} files`;
}

function requireNoSuggestion(text) {
  if (!text.includes('All good!')) throw new Failure(text);
}

async function checkWithAttw({ path }) {
  const { code, text } = await outcome(node, [
    join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js'),
    path,
    '--format',
    'ascii',
    '--no-emoji',
  ]);
  if (code !== 0 || !text.includes('No problems found')) throw new Failure(text);
}

async function install({ name, folder: target, root: repository }, tarball, flags = []) {
  await cp(join(repository, 'test/packaging/consumers', name), target, { recursive: true });
  await cp(join(repository, 'test/packaging/consumers/shared'), target, { recursive: true });
  const manifestFile = join(target, 'package.json');
  const manifest = JSON.parse(await readFile(manifestFile, 'utf8'));
  manifest.dependencies['nestjs-strata'] = `file:${tarball.path}`;
  await writeFile(manifestFile, JSON.stringify(manifest));
  const quietly = ['--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock'];
  await output('npm', ['install', ...quietly, ...flags], { cwd: target });
}

/*
 * Builds the page of the dashboard: its own files, compiled for browsers, and what it uses from packages, with the licence of
 * each. As a program it makes dist/page alone, for tests that run from the sources; with --when-stale only when the last
 * build is older than these.
 */
import { copyFile, mkdir, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isStale } from './freshness.mjs';
import { root, runTool } from './run.mjs';

const source = 'lib/observability/dashboard/page';
const uplot = 'node_modules/uplot';

/** What a build depends on, besides the sources of the library. */
export const pageInputs = ['scripts/build-page.mjs', `${source}/tsconfig.json`, `${uplot}/package.json`];

/** Makes the folder, which must not be there. */
export async function buildPage(folder) {
  const compiled = `${folder}-compiled`;
  try {
    const project = join(source, 'tsconfig.json');
    const code = await runTool('node_modules/typescript/bin/tsc', ['-p', project, '--outDir', compiled]);
    if (code !== 0) throw new Error('the page has errors, see above');
    await mkdir(folder, { recursive: true });
    await copyAll(join(compiled, 'page'), folder, ['.js']);
    await copyAll(join(root, source), folder, ['.css', '.html', '.svg']);
    // Minified, and as the module that browsers import.
    const script = await readFile(join(root, uplot, 'dist/uPlot.iife.min.js'), 'utf8');
    await writeFile(join(folder, 'uplot.js'), `${script.trimEnd()}\nexport default uPlot;\n`);
    await copyFile(join(root, uplot, 'dist/uPlot.min.css'), join(folder, 'uplot.css'));
    await copyFile(join(root, uplot, 'LICENSE'), join(folder, 'uplot-LICENSE.txt'));
  } finally {
    await rm(compiled, { recursive: true, force: true });
  }
}

/** Tells both emits of the library, in `dist`, where the page is from their own place. */
export async function locatePage(dist) {
  const file = (kind) => join(dist, kind, 'observability/dashboard/page-location.js');
  await writeFile(
    file('esm'),
    `import { fileURLToPath } from 'node:url';\nexport const PAGE_FOLDER = fileURLToPath(new URL('../../../page', import.meta.url));\n`,
  );
  await writeFile(
    file('cjs'),
    `"use strict";\nObject.defineProperty(exports, "__esModule", { value: true });\nexports.PAGE_FOLDER = require("node:path").join(__dirname, "../../../page");\n`,
  );
}

async function copyAll(from, to, extensions) {
  for (const name of await readdir(from)) {
    if (extensions.includes(extname(name))) await copyFile(join(from, name), join(to, name));
  }
}

async function buildAlone() {
  const target = join(root, 'dist/page');
  const mark = join(target, 'index.html');
  const inputs = [source, 'lib/observability/dashboard/wire.ts', ...pageInputs].map((path) => join(root, path));
  if (process.argv.includes('--when-stale') && !isStale(mark, inputs)) return;
  const startedAt = new Date();
  const folder = join(root, `dist-page-${process.pid}`);
  try {
    await buildPage(folder);
    await utimes(join(folder, 'index.html'), startedAt, startedAt);
    await mkdir(join(root, 'dist'), { recursive: true });
    await rename(target, `${folder}-old`).catch((error) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rename(folder, target).catch((error) => {
      // Another process has just built the same.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rm(`${folder}-old`, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await buildAlone();

import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Failure, node, outcome, output } from './checks.mjs';

/** Compiles the consumer under each way that TypeScript resolves packages; the first compilation is what then runs. */
export async function checkTypes(checks, { name, folder, root }) {
  const tsc = join(folder, 'node_modules/typescript/bin/tsc');
  const version = (await output(node, [tsc, '--version'])).trim().replace('Version ', 'TypeScript ');
  const compile = (config) => output(node, [tsc, '-p', config], { cwd: folder });

  const configs =
    name === 'nest-12'
      ? ['tsconfig.json', 'tsconfig.bundler.json']
      : ['tsconfig.json', 'tsconfig.bundler.json', 'tsconfig.node10.json'];
  for (const config of configs) {
    const { compilerOptions } = JSON.parse(await readFile(join(folder, config), 'utf8'));
    const how = `${compilerOptions.module}, ${compilerOptions.moduleResolution}`;
    await checks.run(`${name} compiles it as ${how} on ${version}`, () => compile(config).then(() => undefined));
  }

  await checks.run(`${name} uses every public name`, () => checkPublicNames({ folder }));

  await checks.run(`${name} finds no error in our declarations`, async () => {
    const { text } = await outcome(node, [tsc, '-p', 'tsconfig.json', '--noEmit', '--skipLibCheck', 'false'], {
      cwd: folder,
    });
    const ours = text.split('\n').filter((line) => line.includes('node_modules/nestjs-strata/'));
    if (ours.length > 0) throw new Failure(ours.join('\n'));
  });

  await checks.run(`${name} agrees with test/types through the declarations`, () =>
    checkTypeTests({ folder, root, tsc }),
  );
}

/** That the consumer imports, and by `noUnusedLocals` uses, each name that the package exports, types included. */
async function checkPublicNames({ folder }) {
  const ts = createRequire(join(folder, 'package.json'))('typescript');
  const files = (await readdir(join(folder, 'src')))
    .filter((file) => !['app.spec.ts', 'main.ts'].includes(file))
    .map((file) => join(folder, 'src', file));
  const config = ts.readConfigFile(join(folder, 'tsconfig.json'), ts.sys.readFile).config;
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, folder);
  const program = ts.createProgram(files, options);
  const checker = program.getTypeChecker();
  const imports = files
    .flatMap((file) => program.getSourceFile(file).statements)
    .filter(
      (statement) => ts.isImportDeclaration(statement) && /^nestjs-strata(\/|$)/.test(statement.moduleSpecifier.text),
    );

  const imported = new Map();
  const exported = new Map();
  for (const { moduleSpecifier, importClause } of imports) {
    const entry = moduleSpecifier.text;
    const names = importClause.namedBindings.elements.map(({ propertyName, name }) => (propertyName ?? name).text);
    imported.set(entry, [...(imported.get(entry) ?? []), ...names].toSorted());
    const exports = checker.getExportsOfModule(checker.getSymbolAtLocation(moduleSpecifier));
    exported.set(entry, exports.map(({ name }) => name).toSorted());
  }
  for (const [entry, names] of exported) {
    const forgotten = names.filter((name) => !imported.get(entry).includes(name));
    if (forgotten.length > 0)
      throw new Failure(`consumers/shared/src does not use ${forgotten.join(', ')} of ${entry}`);
  }
  const total = [...exported.values()].flat().length;
  const manifest = JSON.parse(await readFile(join(folder, 'node_modules/nestjs-strata/package.json'), 'utf8'));
  const entries = Object.keys(manifest.exports).length - 1;
  if (exported.size !== entries || total === 0)
    throw new Failure(`saw ${exported.size} of ${entries} entries, with ${total} names`);
  return `${total} names of ${exported.size} entries`;
}

/** The type tests of the sources, compiled against what is published: a declaration may have lost what its source has. */
async function checkTypeTests({ folder, root, tsc }) {
  const from = join(root, 'test/types');
  if (!existsSync(from)) throw new Failure('test/types does not exist');
  const target = join(folder, 'type-tests');
  // What the examples of the docs speak of comes from packages too that a consumer need not have.
  await cp(from, target, { recursive: true, filter: (file) => !file.endsWith('snippets.ts') });
  const files = (await readdir(target, { recursive: true })).filter((file) => file.endsWith('.ts'));
  for (const file of files) {
    const text = await readFile(join(target, file), 'utf8');
    await writeFile(
      join(target, file),
      text
        .replaceAll(/'(?:\.\.\/)+lib\/index\.js'/g, `'nestjs-strata'`)
        .replaceAll(/'(?:\.\.\/)+lib\/(engine|testing)\/index\.js'/g, `'nestjs-strata/$1'`),
    );
  }
  if (files.length === 0) throw new Failure('test/types holds no file');
  const config = {
    extends: './tsconfig.json',
    compilerOptions: { noEmit: true, noUnusedLocals: false, rootDir: '.' },
    include: ['type-tests'],
  };
  await writeFile(join(folder, 'tsconfig.type-tests.json'), JSON.stringify(config));
  await output(node, [tsc, '-p', 'tsconfig.type-tests.json'], { cwd: folder });
  return `${files.length} files`;
}

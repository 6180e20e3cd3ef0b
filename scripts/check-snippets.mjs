/*
 * Type-checks the examples of README.md and docs/: each block of TypeScript, as an app would compile it.
 *
 * An example may leave things out. Names of this package and of Nest are imported where it does not; those of the app that
 * it speaks of stand in test/types/snippets.ts. Parts of a class or of a function are put into one. `…` is whatever fits.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from './run.mjs';

const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const OURS = Object.keys(exports).filter((entry) => !entry.includes('package.json') && !entry.includes('*'));
/** Of a name that two have, the first counts. */
const SOURCES = [
  './snippets.js',
  ...OURS.map((entry) => `nestjs-strata${entry.slice(1)}`),
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/terminus',
  'rxjs',
  'prom-client',
  'ioredis',
  '@keyv/redis',
  'piscina',
  'node:events',
  'node:fs',
];
/** The page of the drop-in means its names. */
const FIRST = { 'docs/migration.md': 'nestjs-strata/cache-manager' };
const FOLDER = join(root, 'test/types');
const OPTIONS = {
  ...ts.parseJsonConfigFileContent(ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config, ts.sys, root)
    .options,
  noUnusedLocals: false,
  noUnusedParameters: false,
  noImplicitOverride: false,
  isolatedModules: false,
};
/** A property of `this` that an example does not declare. */
const NO_SUCH_PROPERTY = [2339, 2551];
/** The value of a property, the body of a method, the call of a constructor above. */
const LEFT_OUT = [2564, 2355, 2377];

const asModule = (code) => code;
const asBody = (code, id) => `export async function part${id}(this: Host$) {\n${code}\n}`;
const asMembers = (code, id) => `export class Part${id} extends Host$ {\n${code}\n}`;
const aboveMethod = (code, id) => `export class Part${id} extends Host$ {\n${code}\n  async member() {}\n}`;
const aboveClass = (code, id) => `${code}\nexport class Part${id} extends Host$ {}`;
const asProperties = (code, id) => `export const part${id} = {\n${code}\n};`;
/** What an example may be part of, by how it begins. */
const WAYS = [
  { begins: /^\s*\w+: /, candidates: [asProperties] },
  { begins: /^\s*(?:\/\/.*\s+)?(?:return|await|this)\b/, candidates: [asBody] },
  { begins: /^\s*@(Module|Controller|Injectable)\(/, candidates: [asModule, aboveClass] },
  { begins: /(?:)/, candidates: [asModule, asBody, asMembers, aboveMethod] },
];
let count = 0;
const MAX_MESSAGE = 300;
const files = new Map();
const host = ts.createCompilerHost(OPTIONS);
const { fileExists, readFile, getSourceFile } = host;
host.fileExists = (name) => files.has(name) || fileExists(name);
host.readFile = (name) => files.get(name) ?? readFile(name);
const parsed = new Map();
host.getSourceFile = (name, ...rest) => {
  if (files.has(name)) return ts.createSourceFile(name, files.get(name), ...rest);
  if (!parsed.has(name)) parsed.set(name, getSourceFile(name, ...rest));
  return parsed.get(name);
};

const exported = exportedNames();
let failed = 0;
const snippets = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)]
  .filter((page) => page.endsWith('.md'))
  .flatMap((page) => snippetsOf(page));
for (const snippet of snippets) files.set(snippet.file, moduleOf(snippet));
const program = ts.createProgram([...files.keys()], OPTIONS, host);
for (const { file, page, line } of snippets) {
  const source = program.getSourceFile(file);
  const problems = ts
    .getPreEmitDiagnostics(program, source)
    .filter((problem) => problem.file === source && !isLeftOut(problem, source));
  if (problems.length > 0) failed++;
  for (const problem of problems) {
    const at = source.getLineAndCharacterOfPosition(problem.start).line;
    console.error(
      `${page}:${line}: ${ts.flattenDiagnosticMessageText(problem.messageText, ' ').slice(0, MAX_MESSAGE)}`,
    );
    console.error(`    ${source.text.split('\n')[at].trim()}`);
  }
}
console.log(
  `snippets: ${snippets.length} examples of ${new Set(snippets.map(({ page }) => page)).size} pages, ${failed} with errors`,
);
process.exit(failed === 0 && snippets.length > 0 ? 0 : 1);

/** What each source exports. */
function exportedNames() {
  const file = join(FOLDER, 'snippet-names.ts');
  files.set(file, SOURCES.map((source, at) => `export * as s${at} from '${source}';`).join('\n'));
  const program = ts.createProgram([file], OPTIONS, host);
  const checker = program.getTypeChecker();
  const found = new Map();
  for (const { moduleSpecifier } of program.getSourceFile(file).statements) {
    const symbol = checker.getSymbolAtLocation(moduleSpecifier);
    if (symbol === undefined) throw new Error(`there is no ${moduleSpecifier.text}`);
    found.set(moduleSpecifier.text, new Set(checker.getExportsOfModule(symbol).map(({ name }) => name)));
  }
  files.delete(file);
  return found;
}

function snippetsOf(page) {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(({ 1: code, index }, at) => ({
    page,
    line: text.slice(0, index).split('\n').length,
    file: join(FOLDER, `snippet-${page.replace(/\W/g, '-')}-${at}.ts`),
    code: code
      .replaceAll(/\{ … \}/g, '{}')
      .replaceAll(/…(?=.*)/g, (mark, offset, whole) => (isInComment(whole, offset) ? mark : '(undefined as never)')),
  }));
}

function isInComment(text, offset) {
  return text.slice(text.lastIndexOf('\n', offset) + 1, offset).includes('//');
}

/** The example as a module, with what it leaves out. */
function moduleOf({ code, page, line }) {
  const body = wrapped(code) ?? parts(code, /\n\n+/) ?? parts(code, /\n/);
  if (body === undefined) {
    console.error(`${page}:${line}: no part of a program`);
    failed++;
    return '';
  }
  const declared = declaredNames(body);
  const used = new Set(body.match(/[A-Za-z_$][\w$]*/g));
  const sources = [...(FIRST[page] === undefined ? [] : [FIRST[page]]), ...SOURCES];
  const imports = [...used]
    .filter((name) => !declared.has(name) && name !== 'default')
    .map((name) => [name, sources.find((source) => exported.get(source).has(name))])
    .filter(([, source]) => source !== undefined)
    .map(([name, source]) => `import { ${name} } from '${source}';`);
  return `${imports.join('\n')}\nimport { SnippetHost as Host$ } from './snippets.js';\nexport {};\n${body}`;
}

function parts(code, separator) {
  const bodies = code
    .split(separator)
    .filter((part) => part.trim() !== '')
    .map((part) => wrapped(part));
  return bodies.every((body) => body !== undefined) ? bodies.join('\n') : undefined;
}

/** As what it can be read. */
function wrapped(code) {
  const id = count++;
  const { candidates } = WAYS.find(({ begins }) => begins.test(code));
  return candidates.map((candidate) => candidate(code, id)).find((candidate) => isProgram(candidate));
}

function isProgram(text) {
  const { diagnostics } = ts.transpileModule(text, { reportDiagnostics: true, compilerOptions: OPTIONS });
  return diagnostics.every(({ category }) => category !== ts.DiagnosticCategory.Error);
}

/** What is declared on the level of the module. */
function declaredNames(text) {
  const declared = new Set();
  const add = (name) => {
    if (ts.isIdentifier(name)) declared.add(name.text);
    else for (const element of name.elements) if (element.name !== undefined) add(element.name);
  };
  for (const statement of ts.createSourceFile('a.ts', text, ts.ScriptTarget.ES2022).statements) {
    if (ts.isImportDeclaration(statement)) {
      const bindings = statement.importClause?.namedBindings;
      if (statement.importClause?.name !== undefined) add(statement.importClause.name);
      if (bindings !== undefined && ts.isNamedImports(bindings)) bindings.elements.forEach(({ name }) => add(name));
      else if (bindings !== undefined) add(bindings.name);
    } else if (ts.isVariableStatement(statement)) {
      statement.declarationList.declarations.forEach(({ name }) => add(name));
    } else if (statement.name !== undefined) add(statement.name);
  }
  return declared;
}

function isLeftOut({ code, start }, source) {
  if (LEFT_OUT.includes(code)) return true;
  if (!NO_SUCH_PROPERTY.includes(code)) return false;
  return source.text.slice(0, start).endsWith('this.');
}

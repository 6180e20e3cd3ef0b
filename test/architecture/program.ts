import { join } from 'node:path';
import ts from 'typescript';
import type { Sources } from './sources.js';

/** Sources with their types resolved. */
export interface TypedSources {
  readonly files: readonly ts.SourceFile[];
  readonly checker: ts.TypeChecker;
  /** The path from the root of the repository. */
  pathOf(file: ts.SourceFile): string;
}

/** The library as the compiler sees it. */
export function typedLibrary(files: Sources): TypedSources {
  const root = process.cwd();
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  return typed(
    ts.createProgram(
      [...files.keys()].map((file) => join(root, file)),
      options,
    ),
    `${root.replaceAll('\\', '/')}/`,
  );
}

/** A few sources that exist only as text, for a rule's own test. They see no standard library and each other. */
export function typedTexts(texts: Sources): TypedSources {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    noLib: true,
    types: [],
  };
  const host: ts.CompilerHost = {
    getSourceFile: (name, target) => {
      const text = texts.get(name);
      return text === undefined ? undefined : ts.createSourceFile(name, text, target, true);
    },
    fileExists: (name) => texts.has(name),
    readFile: (name) => texts.get(name),
    directoryExists: () => true,
    getDirectories: () => [],
    getDefaultLibFileName: () => 'lib.d.ts',
    getCurrentDirectory: () => '',
    getCanonicalFileName: (name) => name,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => '\n',
    writeFile: () => undefined,
  };
  return typed(ts.createProgram([...texts.keys()], options, host), '');
}

function typed(program: ts.Program, root: string): TypedSources {
  const pathOf = (file: ts.SourceFile) => file.fileName.slice(root.length);
  const files = program
    .getSourceFiles()
    .filter((file) => file.fileName.startsWith(root) && pathOf(file).startsWith('lib/'));
  return { files, checker: program.getTypeChecker(), pathOf };
}

/** Calls `visit` for every node of a file, in the order of the text. */
export function everyNode(file: ts.SourceFile, visit: (node: ts.Node) => void): void {
  const walk = (node: ts.Node): void => {
    visit(node);
    ts.forEachChild(node, walk);
  };
  walk(file);
}

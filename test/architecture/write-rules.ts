import ts from 'typescript';
import { everyNode, type TypedSources } from './program.js';

/** Members that store a value, by the type that has them. */
const STORING: Readonly<Record<string, readonly string[]>> = {
  BoundedStore: ['put'],
  StoreRestore: ['entry'],
  MemoryCache: ['put', 'putAll', 'putIfAbsent'],
  SpaceTier: ['write', 'put'],
  GuardedTier: ['write'],
  Tier: ['write'],
};

export interface WriteReport {
  /** Where `lib/cache` stores into a tier: the file, and the function around it. */
  readonly stores: readonly string[];
  /** The files that call `write` of `lib/cache/changes/write.ts`, once for each call. */
  readonly callers: readonly string[];
}

/** Finds who in `lib/cache` writes to a tier, and who asks for it. */
export function findWrites({ files, checker, pathOf }: TypedSources): WriteReport {
  const stores: string[] = [];
  const callers: string[] = [];
  for (const file of files) {
    const path = pathOf(file);
    if (!path.startsWith('lib/cache/')) continue;
    everyNode(file, (node) => {
      // A method handed on uncalled (`const put = store.put`) stores as well as a called one.
      if ((ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) && storesInto(checker, node)) {
        stores.push(`${path} ${functionAround(node)}`);
      }
      if (ts.isIdentifier(node) && isUseOfWrite(checker, pathOf, node)) callers.push(path);
    });
  }
  return { stores, callers };
}

function storesInto(checker: ts.TypeChecker, node: ts.PropertyAccessExpression | ts.ElementAccessExpression): boolean {
  const name = ts.isPropertyAccessExpression(node) ? node.name : node.argumentExpression;
  const symbol = checker.getSymbolAtLocation(name);
  return (symbol?.declarations ?? []).some((declaration) => {
    const owner = declaration.parent;
    if (!ts.isClassDeclaration(owner) && !ts.isInterfaceDeclaration(owner)) return false;
    return STORING[owner.name?.text ?? '']?.includes(symbol?.name ?? '') ?? false;
  });
}

function isUseOfWrite(checker: ts.TypeChecker, pathOf: (file: ts.SourceFile) => string, name: ts.Identifier): boolean {
  if (ts.isImportSpecifier(name.parent) || ts.isExportSpecifier(name.parent) || ts.isFunctionDeclaration(name.parent))
    return false;
  let symbol = checker.getSymbolAtLocation(name);
  if (symbol !== undefined && (symbol.flags & ts.SymbolFlags.Alias) !== 0) symbol = checker.getAliasedSymbol(symbol);
  return (symbol?.declarations ?? []).some(
    (declaration) =>
      ts.isFunctionDeclaration(declaration) &&
      declaration.name?.text === 'write' &&
      pathOf(declaration.getSourceFile()) === 'lib/cache/changes/write.ts',
  );
}

function functionAround(node: ts.Node): string {
  for (let at = node.parent; !ts.isSourceFile(at); at = at.parent) {
    if ((ts.isFunctionDeclaration(at) || ts.isMethodDeclaration(at)) && at.name !== undefined) return at.name.getText();
  }
  return '(top level)';
}

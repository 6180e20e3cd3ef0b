import ts from 'typescript';
import { everyNode, type TypedSources } from './program.js';

/** For each option of an interface, the files that read it. */
export type OptionReads = ReadonlyMap<string, readonly string[]>;

/**
 * Finds who reads the properties of `interfaceName`, by type: `given.ttl`, `given['ttl']` and `{ ttl } = given` count,
 * whatever the variable is called and through `Pick`, `Partial` and `extends`; a resolved setting of one name does not.
 */
export function findOptionReads({ files, checker, pathOf }: TypedSources, interfaceName: string): OptionReads {
  const readers = new Map<string, Set<string>>();
  for (const file of files) {
    everyNode(file, (node) => {
      if (ts.isInterfaceDeclaration(node) && node.name.text === interfaceName) {
        for (const member of node.members)
          readers.set(member.name?.getText() ?? '', readers.get(member.name?.getText() ?? '') ?? new Set());
      }
    });
  }
  for (const file of files) {
    everyNode(file, (node) => {
      const symbol = propertyRead(checker, node);
      const isOption = symbol?.declarations?.some(
        ({ parent }) => ts.isInterfaceDeclaration(parent) && parent.name.text === interfaceName,
      );
      if (symbol !== undefined && isOption) readers.get(symbol.name)?.add(pathOf(file));
    });
  }
  return new Map([...readers].map(([option, paths]) => [option, [...paths].toSorted()]));
}

function propertyRead(checker: ts.TypeChecker, node: ts.Node): ts.Symbol | undefined {
  if (ts.isPropertyAccessExpression(node)) return checker.getSymbolAtLocation(node.name);
  if (ts.isElementAccessExpression(node)) return checker.getSymbolAtLocation(node.argumentExpression);
  if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent) && node.dotDotDotToken === undefined) {
    const name = node.propertyName ?? node.name;
    if (!ts.isIdentifier(name)) return undefined;
    return checker.getTypeAtLocation(node.parent).getProperty(name.text);
  }
  return undefined;
}

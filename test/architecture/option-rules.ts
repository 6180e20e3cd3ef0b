import ts from 'typescript';
import { everyNode, type TypedSources } from './program.js';

/** For each option of an interface, the files that read it. */
export type OptionReads = ReadonlyMap<string, readonly string[]>;

/**
 * Finds who reads the properties of `interfaceName`, by type: `given.ttl`, `given['ttl']` and `{ ttl } = given` count,
 * whatever the variable is called and through `Pick`, `Partial` and `extends`; a resolved setting of one name does not.
 * `passedAs` names interfaces as which the whole object is handed to a resolver further down; their reads count too.
 */
export function findOptionReads(
  sources: TypedSources,
  interfaceName: string,
  passedAs: readonly string[] = [],
): OptionReads {
  const owners = [interfaceName, ...passedAs];
  const readers = new Map(optionsOf(sources, interfaceName).map((option) => [option, new Set<string>()]));
  for (const file of sources.files) {
    everyNode(file, (node) => {
      const symbol = propertyRead(sources.checker, node);
      const isOption = symbol?.declarations?.some(
        ({ parent }) => ts.isInterfaceDeclaration(parent) && owners.includes(parent.name.text),
      );
      if (symbol !== undefined && isOption) readers.get(symbol.name)?.add(sources.pathOf(file));
    });
  }
  return new Map([...readers].map(([option, paths]) => [option, [...paths].toSorted()]));
}

function optionsOf({ files }: TypedSources, interfaceName: string): string[] {
  const options: string[] = [];
  for (const file of files) {
    everyNode(file, (node) => {
      if (!ts.isInterfaceDeclaration(node) || node.name.text !== interfaceName) return;
      options.push(...node.members.flatMap(({ name }) => (name === undefined ? [] : [name.getText()])));
    });
  }
  return options;
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

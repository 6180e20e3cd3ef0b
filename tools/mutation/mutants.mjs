import ts from 'typescript';

const { SyntaxKind } = ts;

/** What stands in the place of each operator: its neighbour at the boundary first, then its opposite. */
const OPERATORS = new Map([
  [SyntaxKind.LessThanToken, ['<=', '>=']],
  [SyntaxKind.LessThanEqualsToken, ['<', '>']],
  [SyntaxKind.GreaterThanToken, ['>=', '<=']],
  [SyntaxKind.GreaterThanEqualsToken, ['>', '<']],
  [SyntaxKind.EqualsEqualsEqualsToken, ['!==']],
  [SyntaxKind.ExclamationEqualsEqualsToken, ['===']],
  [SyntaxKind.AmpersandAmpersandToken, ['||']],
  [SyntaxKind.BarBarToken, ['&&']],
  [SyntaxKind.PlusToken, ['-']],
  [SyntaxKind.MinusToken, ['+']],
  [SyntaxKind.AsteriskToken, ['/']],
  [SyntaxKind.SlashToken, ['*']],
  [SyntaxKind.LessThanLessThanToken, ['>>']],
  [SyntaxKind.GreaterThanGreaterThanToken, ['<<']],
  [SyntaxKind.AmpersandToken, ['|']],
  [SyntaxKind.BarToken, ['&']],
  [SyntaxKind.CaretToken, ['&']],
  [SyntaxKind.PlusEqualsToken, ['-=']],
  [SyntaxKind.MinusEqualsToken, ['+=']],
]);

/**
 * Every small change of a source that a test should notice: an operator replaced, a condition turned round, a boolean
 * negated, a count that goes the other way, a number off by one, a statement left out. Types and constants of the module
 * stay as they are.
 */
export function mutantsOf(fileName, source) {
  const file = ts.createSourceFile(fileName, source, ts.ScriptTarget.ES2022, true);
  const mutants = [];
  const add = (node, text, kind) => {
    const start = node.getStart(file);
    const { line } = file.getLineAndCharacterOfPosition(start);
    mutants.push({ kind, line: line + 1, start, end: node.end, before: node.getText(file), text });
  };
  const visit = (node, isInFunction) => {
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isImportDeclaration(node)) return;
    if (isInFunction) mutate(node, add);
    ts.forEachChild(node, (child) => visit(child, isInFunction || ts.isFunctionLike(node)));
  };
  visit(file, false);
  return mutants;
}

/** The source with one mutant in it. */
export function mutated(source, { start, end, text }) {
  return source.slice(0, start) + text + source.slice(end);
}

function mutate(node, add) {
  if (ts.isBinaryExpression(node)) {
    for (const text of OPERATORS.get(node.operatorToken.kind) ?? []) add(node.operatorToken, text, 'operator');
  } else if (ts.isPostfixUnaryExpression(node) || ts.isPrefixUnaryExpression(node)) {
    mutateUnary(node, add);
  } else if (node.kind === SyntaxKind.TrueKeyword) add(node, 'false', 'boolean');
  else if (node.kind === SyntaxKind.FalseKeyword) add(node, 'true', 'boolean');
  else if (ts.isNumericLiteral(node)) add(node, `(${node.getText()} + 1)`, 'number');
  else if (ts.isIfStatement(node) || ts.isConditionalExpression(node)) {
    const condition = ts.isIfStatement(node) ? node.expression : node.condition;
    add(condition, `!(${condition.getText()})`, 'condition');
  } else if (ts.isExpressionStatement(node) && node.expression.kind !== SyntaxKind.CallExpression) {
    add(node, ';', 'statement');
  } else if (ts.isExpressionStatement(node) && node.expression.expression.kind !== SyntaxKind.SuperKeyword) {
    add(node, ';', 'statement');
  } else if (ts.isReturnStatement(node) && node.expression === undefined) add(node, ';', 'statement');
}

function mutateUnary(node, add) {
  const isPrefix = ts.isPrefixUnaryExpression(node);
  const operand = node.operand.getText();
  if (node.operator === SyntaxKind.ExclamationToken) add(node, operand, 'condition');
  if (node.operator === SyntaxKind.TildeToken) add(node, operand, 'operator');
  if (node.operator !== SyntaxKind.PlusPlusToken && node.operator !== SyntaxKind.MinusMinusToken) return;
  const other = node.operator === SyntaxKind.PlusPlusToken ? '--' : '++';
  add(node, isPrefix ? `${other}${operand}` : `${operand}${other}`, 'operator');
}

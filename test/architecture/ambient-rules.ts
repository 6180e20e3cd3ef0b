import ts from 'typescript';
import type { Sources, Violation } from './sources.js';

/** Timers by their global name; `queueMicrotask` waits for no time and is not among them. */
const TIMERS = ['setTimeout', 'setInterval', 'setImmediate'];
/** Members that read the time of day, a stopwatch or a die. */
const READINGS: Readonly<Record<string, readonly string[]>> = {
  Date: ['now'],
  performance: ['now', 'timeOrigin', 'mark', 'measure'],
  Math: ['random'],
  crypto: ['randomUUID', 'getRandomValues'],
  process: ['hrtime', 'uptime'],
};

export interface AmbientReport {
  readonly files: number;
  readonly identifiers: number;
  readonly violations: readonly Violation[];
}

/** Run in a browser, where nobody hands in a clock. */
const PAGE = 'lib/observability/dashboard/page/';

/** Finds time and chance taken from the surroundings instead of a `Clock` or a `Random`. Core, which makes those, is exempt. */
export function checkAmbient(files: Sources): AmbientReport {
  const violations: Violation[] = [];
  let identifiers = 0;
  for (const [file, text] of files) {
    if (file.startsWith('lib/core/') || file.startsWith(PAGE)) continue;
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
    const visit = (node: ts.Node): void => {
      if (ts.isIdentifier(node)) {
        identifiers++;
        const what = ambientUse(node);
        if (what !== undefined) {
          const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
          violations.push({
            at: `${file}:${line + 1}`,
            rule: `uses ${what}; take it from the Clock or Random handed in`,
          });
        }
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return { files: files.size, identifiers, violations };
}

function ambientUse(name: ts.Identifier): string | undefined {
  const { parent } = name;
  const isMember = ts.isPropertyAccessExpression(parent) && parent.name === name;
  // `clock.setTimeout` is somebody's method, `globalThis.setTimeout` is the timer.
  if (isMember && !(ts.isIdentifier(parent.expression) && parent.expression.text === 'globalThis')) return undefined;
  if (isDeclaredName(name)) return undefined;

  if (TIMERS.includes(name.text)) return name.text;
  if (name.text === 'Date' && ts.isNewExpression(parent) && (parent.arguments ?? []).length === 0) return 'new Date()';
  const readings = READINGS[name.text];
  if (readings === undefined) return undefined;
  const access = isMember ? parent.parent : parent;
  if (ts.isPropertyAccessExpression(access) && readings.includes(access.name.text))
    return `${name.text}.${access.name.text}`;
  // `const { now } = Date`, and the whole object handed on: either way it is out of sight from here.
  if (ts.isVariableDeclaration(parent) && parent.initializer === name) return name.text;
  return undefined;
}

function isDeclaredName(name: ts.Identifier): boolean {
  const { parent } = name;
  return (
    (ts.isPropertySignature(parent) ||
      ts.isMethodSignature(parent) ||
      ts.isMethodDeclaration(parent) ||
      ts.isPropertyAssignment(parent)) &&
    parent.name === name
  );
}

import { describe, expect, it } from '@jest/globals';
import { mutantsOf, mutated } from '../../../tools/mutation/mutants.mjs';

/** Every source that one small change makes of the body of a function. */
function changed(body: string): string[] {
  const source = `function f() {${body}}`;
  return mutantsOf('f.ts', source).map((mutant) => mutated(source, mutant).slice('function f() {'.length, -1));
}

describe('mutantsOf', () => {
  it('moves a boundary and turns a comparison round', () => {
    expect(changed('return a < b;')).toEqual(['return a <= b;', 'return a >= b;']);
    expect(changed('return a === b;')).toEqual(['return a !== b;']);
  });

  it('replaces arithmetic, bits, counts and numbers', () => {
    expect(changed('return a + b;')).toEqual(['return a - b;']);
    expect(changed('return a >> b;')).toEqual(['return a << b;']);
    expect(changed('return ++a;')).toEqual(['return --a;']);
    expect(changed('return 7;')).toEqual(['return (7 + 1);']);
  });

  it('negates conditions and booleans', () => {
    expect(changed('return a ? b : c;')).toEqual(['return !(a) ? b : c;']);
    expect(changed('return !a;')).toEqual(['return a;']);
    expect(changed('return true;')).toEqual(['return false;']);
    expect(changed('return a && b;')).toEqual(['return a || b;']);
  });

  it('leaves statements out', () => {
    expect(changed('a();b = c;')).toEqual([';b = c;', 'a();;']);
  });

  it('leaves types, imports and constants of the module as they are', () => {
    expect(mutantsOf('f.ts', "import a from 'b';\nconst C = 1 + 2;\nlet d: 1 | 2;\ninterface E { f: true }")).toEqual(
      [],
    );
  });

  it('tells the line', () => {
    expect(mutantsOf('f.ts', 'function f() {\n  return a < b;\n}')[0]).toMatchObject({
      line: 2,
      before: '<',
      text: '<=',
    });
  });
});

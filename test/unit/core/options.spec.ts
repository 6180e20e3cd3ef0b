import { describe, expect, it } from '@jest/globals';
import { CacheOptionsError, DURATION_RULE, firstDefined, OptionProblems } from '../../../lib/core/index.js';

/** What reading options complains about, as `option rule` pairs. */
function problemsOf(read: (problems: OptionProblems) => void): [string, string][] {
  const problems = new OptionProblems('Options');
  read(problems);
  try {
    problems.throwIfAny();
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(CacheOptionsError);
    return (error as CacheOptionsError).problems.map(({ option, rule }) => [option, rule]);
  }
}

describe('OptionProblems', () => {
  it('throws nothing when there is no problem', () => {
    expect(problemsOf((problems) => problems.require(true, 'ttl', 'must be given', undefined))).toEqual([]);
  });

  it('throws all problems in one error, in the order they were found', () => {
    const found = problemsOf((problems) => {
      problems.require(false, 'weigher', 'needs maxWeight', undefined);
      problems.add('ttl', 'must not be given', 5);
      problems.duration('tti', 'soon', 0);
    });
    expect(found).toEqual([
      ['weigher', 'needs maxWeight'],
      ['ttl', 'must not be given'],
      ['tti', DURATION_RULE],
    ]);
  });

  describe('refuseUnknown', () => {
    const known = ['ttl', 'maxSize', 'weigher'];
    it.each([
      ['maxsize', 'is not an option; did you mean maxSize?'],
      ['maxSizes', 'is not an option; did you mean maxSize?'],
      ['maxSie', 'is not an option; did you mean maxSize?'],
      ['tll', 'is not an option; did you mean ttl?'],
      ['wiegher', 'is not an option'],
      ['capacity', 'is not an option'],
      ['__proto__x', 'is not an option'],
    ])('says of %s that it %s', (name, rule) => {
      expect(problemsOf((problems) => problems.refuseUnknown({ ttl: 1, [name]: 1 }, known))).toEqual([[name, rule]]);
    });

    it('accepts what is known', () => {
      expect(problemsOf((problems) => problems.refuseUnknown({ ttl: 1, maxSize: 2 }, known))).toEqual([]);
    });
  });

  describe('a reader', () => {
    it('answers the fallback, without a problem, for an absent option', () => {
      const problems = new OptionProblems('Options');
      expect(problems.duration('a', undefined, Infinity)).toBe(Infinity);
      expect(problems.positiveInteger('b', undefined, 7)).toBe(7);
      expect(problems.oneOf('c', undefined, ['x', 'y'], 'y')).toBe('y');
      expect(problems.function('d', undefined, null)).toBeNull();
      problems.throwIfAny();
    });

    it('answers the option in its resolved form', () => {
      const problems = new OptionProblems('Options');
      const weigher = (): number => 1;
      expect(problems.duration('a', '5m', 0)).toBe(300_000);
      expect(problems.duration('a', 0, 5)).toBe(0);
      expect(problems.positiveInteger('b', 1, 7)).toBe(1);
      expect(problems.positiveInteger('b', 16, 7, 16)).toBe(16);
      expect(problems.oneOf('c', 'x', ['x', 'y'], 'y')).toBe('x');
      expect(problems.function('d', weigher, null)).toBe(weigher);
      problems.throwIfAny();
    });

    it.each([[0], [-1], [1.5], [NaN], [Infinity], ['5'], [null], [17], [5n]])(
      'refuses %p where a whole number from 1 to 16 is wanted, and answers the fallback',
      (received) => {
        const found = problemsOf((problems) => expect(problems.positiveInteger('maxSize', received, 7, 16)).toBe(7));
        expect(found).toEqual([['maxSize', 'must be a whole number from 1 to 16']]);
      },
    );

    it('refuses null, which is not absence', () => {
      const found = problemsOf((problems) => {
        problems.duration('a', null, 0);
        problems.positiveInteger('b', null, 0);
        problems.oneOf<string | null, string>('c', null, ['x'], 'x');
        problems.function('d', null, undefined);
      });
      expect(found.map(([option]) => option)).toEqual(['a', 'b', 'c', 'd']);
    });

    it('lists what is allowed', () => {
      expect(problemsOf((problems) => problems.oneOf('policy', 'mru', ['lru', 'lfu'], 'lru'))).toEqual([
        ['policy', 'must be one of lru, lfu'],
      ]);
    });
  });
});

describe('firstDefined', () => {
  it('answers the first value given, falsy ones included', () => {
    expect(firstDefined(undefined, 0, 5)).toBe(0);
    expect(firstDefined<unknown>(undefined, null, 5)).toBeNull();
    expect(firstDefined<unknown>(false, true)).toBe(false);
    expect(firstDefined(undefined, undefined)).toBeUndefined();
    expect(firstDefined()).toBeUndefined();
  });
});

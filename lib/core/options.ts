import { DURATION_RULE, toMilliseconds } from './duration.js';
import { CacheOptionsError, type OptionProblem } from './errors.js';

/**
 * Collects every problem of one options object and throws them together.
 * The readers return the value in its resolved form, or the fallback where the option is absent or wrong.
 */
export class OptionProblems {
  private readonly problems: OptionProblem[] = [];

  constructor(private readonly subject: string) {}

  add(option: string, rule: string, received: unknown): void {
    this.problems.push({ option, rule, received });
  }

  require(holds: boolean, option: string, rule: string, received: unknown): void {
    if (!holds) this.add(option, rule, received);
  }

  /** Ends the check at once where there is no object whose properties could be looked at. */
  requireObject(option: string, received: unknown): void {
    if (typeof received === 'object' && received !== null && !Array.isArray(received)) return;
    this.add(option, 'must be an object', received);
    this.throwIfAny();
  }

  /** Where a list has one that is wrong, that is what the error shows. */
  requireEach(option: string, rule: string, received: unknown, holds: (element: unknown) => boolean): void {
    if (!Array.isArray(received)) return this.add(option, rule, received);
    const list: readonly unknown[] = received;
    const at = list.findIndex((element) => !holds(element));
    if (at !== -1) this.add(option, rule, list[at]);
  }

  /** Names every property of `given` that is not among `known`, with the likely intended one. */
  refuseUnknown(given: object, known: readonly string[]): void {
    for (const name of Object.keys(given)) {
      if (known.includes(name)) continue;
      const meant = known.find(
        (candidate) => candidate.toLowerCase() === name.toLowerCase() || isOneEditApart(candidate, name),
      );
      this.add(
        name,
        meant === undefined ? 'is not an option' : `is not an option; did you mean ${meant}?`,
        (given as Record<string, unknown>)[name],
      );
    }
  }

  duration<F>(option: string, received: unknown, fallback: F): number | F {
    if (received === undefined) return fallback;
    const milliseconds = toMilliseconds(received);
    if (milliseconds === undefined) this.add(option, DURATION_RULE, received);
    return milliseconds ?? fallback;
  }

  positiveInteger<F>(option: string, received: unknown, fallback: F, max = 2 ** 30): number | F {
    if (received === undefined) return fallback;
    const valid = typeof received === 'number' && Number.isInteger(received) && received >= 1 && received <= max;
    if (!valid) this.add(option, `must be a whole number from 1 to ${max}`, received);
    return valid ? received : fallback;
  }

  oneOf<T, F>(option: string, received: unknown, allowed: readonly T[], fallback: F): T | F {
    if (received === undefined) return fallback;
    if (allowed.includes(received as T)) return received as T;
    this.add(option, `must be one of ${allowed.map(String).join(', ')}`, received);
    return fallback;
  }

  function<T, F>(option: string, received: T | undefined, fallback: F): T | F {
    if (received === undefined) return fallback;
    if (typeof received === 'function') return received;
    this.add(option, 'must be a function', received);
    return fallback;
  }

  throwIfAny(): void {
    if (this.problems.length > 0) throw new CacheOptionsError(this.subject, this.problems);
  }
}

/** The first argument that is given: an explicit `undefined` never hides a value behind it. */
export function firstDefined<T>(...candidates: readonly (T | undefined)[]): T | undefined {
  return candidates.find((candidate) => candidate !== undefined);
}

function isOneEditApart(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  if (long.length - short.length > 1) return false;
  let same = 0;
  while (same < short.length && short[same] === long[same]) same++;
  return short.slice(same + (long.length === short.length ? 1 : 0)) === long.slice(same + 1);
}

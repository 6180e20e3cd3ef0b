import { CacheMisuseError, OptionProblems, show, type Duration } from '../../core/index.js';

/** The milliseconds of a ttl given in the middle of a call. */
export function requireTtl(caller: string, ttl: Duration): number {
  const problems = new OptionProblems(caller);
  const ttlMs = problems.duration('ttl', ttl, 0);
  problems.throwIfAny();
  return ttlMs;
}

export function requireGroups(problems: OptionProblems, option: string, groups: unknown): void {
  problems.require(areGroups(groups), option, 'must be a list of texts that are not empty', groups);
}

/** The groups that a function of the user returned in the middle of a call. */
export function groupsFrom(caller: string, groups: unknown): readonly string[] {
  if (areGroups(groups)) return groups;
  throw new CacheMisuseError(`${caller} gave ${show(groups)} as groups; give a list of texts that are not empty`);
}

function areGroups(groups: unknown): groups is readonly string[] {
  return Array.isArray(groups) && groups.every((group) => typeof group === 'string' && group !== '');
}

/** Refuses what cannot be stored. */
export function requireValue(caller: string, value: unknown): void {
  if (value !== undefined) return;
  throw new CacheMisuseError(
    `${caller} was given undefined, which means absence; store null for "known to be nothing", or invalidate the key`,
  );
}

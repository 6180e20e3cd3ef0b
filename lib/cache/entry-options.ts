import { CacheMisuseError, OptionProblems, show, type Duration } from '../core/index.js';
import type { EntryOptions, LoadOptions } from './cache.options.js';

const ENTRY_OPTIONS = ['ttl', 'tti', 'groups', 'weight'];
const LOAD_OPTIONS = [...ENTRY_OPTIONS, 'signal'];

/** The options of one call, checked and parsed. What is absent comes from the cache's settings. */
export class PreparedOptions {
  constructor(
    readonly ttlMs: number | undefined,
    readonly ttiMs: number | undefined,
    readonly groups: readonly string[] | undefined,
    readonly weight: number | undefined,
    readonly signal: AbortSignal | undefined,
  ) {}
}

export const NO_OPTIONS = new PreparedOptions(undefined, undefined, undefined, undefined, undefined);

/** Checks the options of one call; prepared ones pass through, so that a decorator prepares them once. */
export function prepareOptions(
  caller: string,
  given: EntryOptions | LoadOptions | PreparedOptions | undefined,
): PreparedOptions {
  if (given === undefined) return NO_OPTIONS;
  if (given instanceof PreparedOptions) return given;
  const problems = new OptionProblems(caller);
  problems.refuseUnknown(given, LOAD_OPTIONS);
  const ttlMs = problems.duration('ttl', given.ttl, undefined);
  const ttiMs = problems.duration('tti', given.tti, undefined);
  if (given.groups !== undefined) requireGroups(problems, 'groups', given.groups);
  problems.require(isWeight(given.weight), 'weight', 'must be a finite number, 0 or more', given.weight);
  const signal = 'signal' in given ? given.signal : undefined;
  problems.require(signal === undefined || signal instanceof AbortSignal, 'signal', 'must be an AbortSignal', signal);
  problems.throwIfAny();
  return new PreparedOptions(ttlMs, ttiMs, given.groups, given.weight, signal);
}

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

function isWeight(weight: unknown): boolean {
  return weight === undefined || (typeof weight === 'number' && Number.isFinite(weight) && weight >= 0);
}

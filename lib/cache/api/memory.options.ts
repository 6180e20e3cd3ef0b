import { BYTES_RULE, OptionProblems, toBytes } from '../../core/index.js';

/** How the caches of an application share memory, and give it back when the heap is short of it. */
export interface MemoryOptions {
  /**
   * How many bytes keys and values of all caches may take together, by the built-in estimate: bytes, or `'64kb'`, `'512mb'`,
   * `'1gb'`. It goes where it saves most loads. A cache that names no bound of its own is bounded by this alone.
   * @defaultValue none: each cache has its own bounds
   */
  readonly budget?: number | string;
  /**
   * From which part of the heap's limit on memory is given back, counted after a collection: above `lowWater`, below 1. V8
   * may end a process from 0.8 on. @defaultValue 0.75
   */
  readonly highWater?: number;
  /** Down to which part memory is given back, above 0. @defaultValue 0.6 */
  readonly lowWater?: number;
}

/** What `memory` of an application is: `true` for the defaults, a number or text for `{ budget }`. */
export type MemoryOption = boolean | number | string | MemoryOptions;

/** The option checked, with every default in place. */
export interface MemorySettings {
  /** Infinity: none. */
  readonly budgetBytes: number;
  readonly highWater: number;
  readonly lowWater: number;
}

/** `undefined` where nothing is to be governed. */
export function resolveMemory(problems: OptionProblems, given: MemoryOption | undefined): MemorySettings | undefined {
  if (given === undefined || given === false) return undefined;
  if (typeof given === 'number' || typeof given === 'string')
    return resolveMemoryOptions(problems, { budget: given }, 'memory');
  return resolveMemoryOptions(problems, given === true ? {} : given, 'memory.budget');
}

function resolveMemoryOptions(
  problems: OptionProblems,
  given: MemoryOptions,
  budgetName: string,
): MemorySettings | undefined {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    problems.add('memory', `must be true, an object, or bytes: ${BYTES_RULE}`, given);
    return undefined;
  }
  problems.refuseUnknown(given, ['budget', 'highWater', 'lowWater']);
  const { budget, highWater = 0.75, lowWater = Math.min(0.6, 0.8 * highWater) } = given;
  const budgetBytes = budget === undefined ? Infinity : toBytes(budget);
  problems.require(budgetBytes !== undefined, budgetName, BYTES_RULE, budget);
  problems.require(isBetween(0, highWater, 1), 'memory.highWater', 'must be a number above 0 and below 1', highWater);
  problems.require(
    isBetween(0, lowWater, highWater),
    'memory.lowWater',
    `must be a number above 0 and below highWater, ${highWater}`,
    lowWater,
  );
  return { budgetBytes: budgetBytes ?? Infinity, highWater, lowWater };
}

function isBetween(least: number, value: unknown, most: number): boolean {
  return typeof value === 'number' && value > least && value < most;
}

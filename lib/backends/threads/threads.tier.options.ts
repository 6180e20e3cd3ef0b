import { OptionProblems, systemClock, type Clock } from '../../core/index.js';
import { resolveTierOptions, type TierGuard, type TierOptions } from '../../tiers/index.js';
import { attach, type AttachedMemory, type ThreadsMemory } from './threads-memory.js';

/** How a {@link threadsTier} is made. */
export interface ThreadsTierOptions extends TierOptions {
  /** What `threadsMemory()` has returned. @defaultValue what the thread that started this one, or this one, has shared with `shareMemory()` */
  readonly memory?: ThreadsMemory;
  /** The time source, for tests: the same one for all tiers of a memory. @defaultValue the system's */
  readonly clock?: Clock;
}

/** What {@link ThreadsTierOptions} say, checked. */
export interface ThreadsTierSettings {
  readonly name: string;
  readonly guard: TierGuard;
  readonly memory: AttachedMemory;
  readonly clock: Clock;
}

export function resolveThreadsTierOptions(given: ThreadsTierOptions): ThreadsTierSettings {
  const problems = new OptionProblems('threadsTier');
  const { name, guard } = resolveTierOptions(problems, given, { name: 'threads', timeoutMs: 1_000 }, [
    'memory',
    'clock',
  ]);
  const { clock = systemClock } = given;
  const isClock = typeof clock?.now === 'function' && typeof clock.coarse === 'function';
  problems.require(isClock, 'clock', 'must be a Clock', clock);
  problems.throwIfAny();
  return { name, guard, memory: attach(given.memory), clock };
}

import type { ModulesContainer } from '@nestjs/core';
import { CacheMisuseError, CacheOptionsError, show } from '../../core/index.js';
import { listOf, totalOf, type CacheRegistry, type WarmPiece, type WarmWork } from '../../cache/index.js';
import type { CacheRuntime } from '../calls/cache-runtime.js';
import { classNameOf, warmingsOf, type WarmingRecord } from '../operations/metadata.js';
import { prototypesOf, providersOf, singletonOf } from '../calls/module-scan.js';
import { kindOf } from '../steps/result-kind.js';

/** What `@nestjs/schedule` keeps cron jobs by. It exports no other way to make one from an expression alone. */
interface CronOrchestrator {
  addCron(task: () => void, options: { readonly cronTime: string; readonly name: string }): void;
}

/**
 * Finds the methods that are to be warmed and makes their caches warm them. Warmings with a cron expression are handed to
 * the ScheduleModule of the app: found among its modules, so that the package is never loaded by us.
 */
export class MethodWarmer {
  constructor(
    private readonly registry: CacheRegistry,
    private readonly runtime: CacheRuntime,
    private readonly modules: ModulesContainer,
  ) {}

  bind(): void {
    const bound = new Set<object>();
    for (const provider of providersOf(this.modules)) {
      const instance = singletonOf(provider);
      if (instance === undefined || bound.has(instance)) continue;
      bound.add(instance);
      const prototype = Object.getPrototypeOf(instance) as object | null;
      for (const record of prototype === null ? [] : warmingsOf(prototype)) {
        this.bindMethod(instance, prototype as object, record);
      }
    }
    this.refuseWithoutSingleton(bound);
    this.scheduleCron();
  }

  private bindMethod(instance: object, prototype: object, { name, lists, settings }: WarmingRecord): void {
    const label = `${classNameOf(prototype)}.${String(name)}`;
    const cache = this.runtime.cacheOf(prototype, name);
    if (cache === undefined) {
      throw new CacheMisuseError(
        `@CacheWarm of ${label} stands on a method that stores nothing; give it @Cacheable, @CacheableAll or @CachePut`,
      );
    }
    const call = (args: unknown): Promise<void> => {
      if (!Array.isArray(args)) throw notArguments(label, args);
      // The decorator's type made sure that the method takes these arguments.
      return ended((instance as Record<string | symbol, (...args: readonly unknown[]) => unknown>)[name]?.(...args));
    };
    const work = async (): Promise<WarmWork> => {
      const given = await listOf(typeof lists === 'function' ? () => lists(instance) : lists);
      const pieces = async function* (): AsyncGenerator<WarmPiece> {
        for await (const args of given) yield { keys: 1, load: async () => call(args) };
      };
      return { total: totalOf(given), pieces: pieces() };
    };
    cache.background?.add(label, settings, work);
  }

  private refuseWithoutSingleton(bound: ReadonlySet<object>): void {
    const served = new Set([...bound].map((instance) => Object.getPrototypeOf(instance) as object));
    for (const prototype of prototypesOf(this.modules)) {
      const [record] = warmingsOf(prototype);
      if (record === undefined || served.has(prototype)) continue;
      throw new CacheMisuseError(
        `@CacheWarm of ${classNameOf(prototype)}.${String(record.name)} needs an instance for the whole app; ` +
          `move it to a provider of the default scope`,
      );
    }
  }

  private scheduleCron(): void {
    const warmings = this.registry.backgrounds().flatMap(({ onCron, name }) => onCron.map((each) => ({ each, name })));
    if (warmings.length === 0) return;
    const orchestrator = this.findOrchestrator();
    warmings.forEach(({ each, name }, at) => {
      const cronTime = each.settings.cron ?? '';
      if (orchestrator === undefined) throw noSchedule(name, cronTime);
      orchestrator.addCron(() => void each.run(), { cronTime, name: `nestjs-strata:warm:${name}:${at}` });
    });
  }

  private findOrchestrator(): CronOrchestrator | undefined {
    for (const { instance } of providersOf(this.modules)) {
      const candidate: unknown = instance;
      if (isOrchestrator(candidate)) return candidate;
    }
    return undefined;
  }
}

function isOrchestrator(candidate: unknown): candidate is CronOrchestrator {
  if (typeof candidate !== 'object' || candidate === null) return false;
  if (candidate.constructor?.name !== 'SchedulerOrchestrator') return false;
  return 'addCron' in candidate && typeof candidate.addCron === 'function';
}

/** Settles when a result has: a promise, the end of an Observable or of an AsyncIterable. */
async function ended(result: unknown): Promise<void> {
  switch (kindOf(result)) {
    case 'observable':
      await new Promise<void>((resolve, reject) => {
        // Checked by kindOf.
        (result as { subscribe(observer: object): unknown }).subscribe({ error: reject, complete: () => resolve() });
      });
      return;
    case 'iterable':
      for await (const _ of result as AsyncIterable<unknown>);
      return;
    default:
      await result;
  }
}

function notArguments(label: string, given: unknown): CacheMisuseError {
  return new CacheMisuseError(
    `@CacheWarm of ${label}: each call needs a list of arguments, such as ['42'] (received ${show(given)})`,
  );
}

function noSchedule(cache: string, cronTime: string): CacheOptionsError {
  const rule = 'needs ScheduleModule.forRoot() of @nestjs/schedule in the imports of the app';
  return new CacheOptionsError(`cache "${cache}"`, [{ option: 'cron', rule, received: cronTime }]);
}

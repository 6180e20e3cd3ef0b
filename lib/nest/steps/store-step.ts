import { CacheMisuseError, type Duration } from '../../core/index.js';
import type { CallSettings, IndexedCache, LoadContext, Loader, Probe } from '../../cache/index.js';
import { addressOf, type Address, type Addressing, type Arguments } from './addressing.js';
import type { SequenceForm } from './sequence-form.js';
import type { UserFunction } from '../operations/operation.js';
import type { Reporter } from './reporter.js';
import { kindOf } from './result-kind.js';

/** Calls the method, for a load that is given up when the context's signal says so; without one for no load. */
export type Call = (load?: LoadContext) => Promise<unknown>;

/** What a step that stores was bound to. */
export interface StoreStepParts {
  /** `@Cacheable of Class.method`, for messages. */
  readonly label: string;
  readonly cache: IndexedCache<unknown, unknown>;
  readonly addressing: Addressing;
  readonly condition: UserFunction<unknown> | undefined;
  readonly unless: UserFunction<unknown> | undefined;
  /** Only a function; a fixed one is in `prepared`. */
  readonly ttlOf: UserFunction<Duration | undefined> | undefined;
  readonly groupsOfResult: UserFunction<readonly string[]> | undefined;
  readonly groupsOfArguments: readonly UserFunction<unknown>[];
  /** What no call changes: of the decorator, over its class, over the cache. */
  readonly prepared: CallSettings;
  /** How values of an Observable or AsyncIterable become one stored value. */
  readonly form: SequenceForm;
  readonly reporter: Reporter;
}

/** One `@Cacheable` or `@CachePut`: what is stored of a call, where, and how. */
export class StoreStep {
  readonly cache: IndexedCache<unknown, unknown>;
  readonly form: SequenceForm;
  /** Whether something is decided only when the result is known. */
  private readonly decidesByResult: boolean;

  constructor(readonly parts: StoreStepParts) {
    this.cache = parts.cache;
    this.form = parts.form;
    this.decidesByResult =
      parts.unless !== undefined || parts.ttlOf !== undefined || parts.groupsOfResult !== undefined;
  }

  /** condition → key: where this call's value stands, or `undefined` when it is not to be cached. */
  plan(args: Arguments): Address | undefined {
    const { condition, addressing } = this.parts;
    return condition === undefined || condition(...args) ? addressOf(addressing, args) : undefined;
  }

  hit({ index }: Address): Promise<unknown> | undefined {
    return this.cache.hitAt(index);
  }

  /** What can be had without waiting, though the method may be called behind. */
  served({ index, key }: Address, args: Arguments, call: Call): Promise<unknown> | undefined {
    const { loader, settings } = this.loading(index, args, call);
    return this.cache.serveAt(index, key, loader, settings);
  }

  /** Loads by calling the method, or joins the call that runs for the same key. */
  load({ index, key }: Address, args: Arguments, call: Call): Promise<unknown> {
    // The app has shut down: the method still answers.
    if (this.cache.closed) return call();
    const { loader, settings } = this.loading(index, args, call);
    return this.cache.loadAt(index, key, loader, settings);
  }

  /** Calls a method of which only its result tells what it returns; a promise makes that call a load. */
  probe({ index, key }: Address, args: Arguments, call: () => unknown): Probe<unknown> | undefined {
    const loader = (_: unknown, load: LoadContext): unknown => {
      const result = call();
      return kindOf(result) === 'promise' ? this.decided(result as Promise<unknown>, load, index, args) : result;
    };
    return this.cache.probeAt(index, key, loader, this.settingsFor(args));
  }

  /** What is said of one value of many before they are loaded, so that an invalidation of its groups outdates it. */
  announce(load: LoadContext, args: Arguments): void {
    if (this.parts.groupsOfArguments.length > 0) load.groups(...this.groupsOf(args));
  }

  /**
   * What is said of a value when it is known. A function of the user that throws here costs the storing, never the
   * value; and the method does not run again.
   */
  decide(load: LoadContext, index: unknown, args: Arguments, value: unknown): void {
    const { unless, ttlOf, groupsOfResult } = this.parts;
    if (!this.decidesByResult) return;
    try {
      if (unless?.(value, ...args)) {
        load.skip();
        return;
      }
      const ttl = ttlOf?.(value, ...args);
      if (ttl !== undefined) load.ttl(ttl);
      if (groupsOfResult !== undefined) load.groups(...groupsOfResult(value, ...args));
    } catch (error) {
      load.skip();
      this.notStored(index, error);
    }
  }

  /** Stores the result of a call that was made in any case. Never rejects. */
  async put({ index, key }: Address, args: Arguments, packed: () => unknown): Promise<void> {
    const { unless, ttlOf, groupsOfArguments, groupsOfResult, prepared, label } = this.parts;
    try {
      const value = packed();
      if (unless?.(value, ...args)) return;
      let options = prepared;
      if (ttlOf !== undefined || groupsOfResult !== undefined || groupsOfArguments.length > 0) {
        const ttl = ttlOf?.(value, ...args);
        const groups = [...this.groupsOf(args), ...(groupsOfResult?.(value, ...args) ?? [])];
        options = this.cache.prepare(label, ttl === undefined ? { groups } : { ttl, groups }, prepared);
      }
      await this.cache.putAt(index, key, value, options);
    } catch (error) {
      this.notStored(index, error);
    }
  }

  /**
   * Groups of the arguments are known before the load, and are its settings: tiers then give their generations along with
   * its fence, where groups that a running loader names cost two more round trips. Of a function that throws, or returns
   * no group, the load fails as it would of the method.
   */
  private loading(
    index: unknown,
    args: Arguments,
    call: Call,
  ): { readonly loader: Loader<unknown, unknown>; readonly settings: CallSettings } {
    try {
      return { loader: this.loader(index, args, call), settings: this.settingsFor(args) };
    } catch (error) {
      const loader = (): never => {
        throw error;
      };
      return { loader, settings: this.parts.prepared };
    }
  }

  private settingsFor(args: Arguments): CallSettings {
    const { prepared, groupsOfArguments } = this.parts;
    if (groupsOfArguments.length === 0) return prepared;
    return { ...prepared, groups: [...prepared.groups, ...this.groupsOf(args)] };
  }

  private loader(index: unknown, args: Arguments, call: Call): Loader<unknown, unknown> {
    return (_, load) => {
      return this.decided(call(load), load, index, args);
    };
  }

  private decided(result: Promise<unknown>, load: LoadContext, index: unknown, args: Arguments): Promise<unknown> {
    if (!this.decidesByResult) return result;
    return Promise.resolve(result).then((value) => {
      this.decide(load, index, args, value);
      return value;
    });
  }

  private notStored(index: unknown, error: unknown): void {
    const { label, reporter, cache } = this.parts;
    reporter.notStored(label, error);
    cache.report(error, cache.codec.key(index));
  }

  private groupsOf(args: Arguments): string[] {
    return this.parts.groupsOfArguments.flatMap((groupOf) => requireGroups(this.parts.label, groupOf(...args)));
  }
}

/** One group or a list of them, as functions of the user return them. */
export function requireGroups(label: string, groups: unknown): string[] {
  const list: unknown[] = Array.isArray(groups) ? groups : [groups];
  const valid = list.filter((group): group is string => typeof group === 'string' && group !== '');
  if (valid.length === list.length) return valid;
  throw new CacheMisuseError(`${label}: a group is not a text or empty; return texts that are not empty`);
}

import { isOwnIndex, type IndexedCache, type MethodKeyCodec } from '../../cache/index.js';
import type { Addressing, Arguments } from '../steps/addressing.js';
import { BoundMethod } from './bound-method.js';
import type { AnyMethod } from '../operations/method-types.js';
import type { UserFunction } from '../operations/operation.js';
import type { StoreStep } from '../steps/store-step.js';

/**
 * The chain where a `@Cacheable` is all there is, which is nearly every decorated method: condition → key → lookup → call.
 * A hit allocates nothing here and hands out the promise that the entry keeps.
 */
export class LookupMethod extends BoundMethod {
  protected readonly cache: IndexedCache<unknown, unknown>;
  protected readonly addressing: Addressing;

  constructor(
    private readonly original: AnyMethod,
    private readonly step: StoreStep,
  ) {
    super();
    this.cache = step.cache;
    this.addressing = step.parts.addressing;
  }

  call(self: unknown, args: Arguments): unknown {
    const { condition } = this.step.parts;
    let key: unknown;
    let index: unknown;
    try {
      if (condition !== undefined && !condition(...args)) return Reflect.apply(this.original, self, args);
      key = this.addressing.keyOf(args);
      index = this.addressing.indexOf(key);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.cache.hitAt(index) ?? this.load(self, args, index, key);
  }

  protected load(self: unknown, args: Arguments, index: unknown, key: unknown): Promise<unknown> {
    const address = { index, key: this.addressing.needsKey ? key : undefined };
    // A promise as far as could be known; a load takes a plain value as well.
    return this.step.load(address, args, () => Reflect.apply(this.original, self, args) as Promise<unknown>);
  }
}

/** One with a key of the user and no condition: calls with one and two arguments need no list of them for a hit. */
export class KeyLookupMethod extends LookupMethod {
  constructor(
    original: AnyMethod,
    step: StoreStep,
    private readonly key: UserFunction<unknown>,
  ) {
    super(original, step);
  }

  override callWithOne(self: unknown, first: unknown): unknown {
    const { key: keyOf } = this;
    let key: unknown;
    let index: unknown;
    try {
      key = keyOf(first);
      index = isOwnIndex(key) ? key : this.addressing.indexOf(key);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.cache.hitAt(index) ?? this.load(self, [first], index, key);
  }

  override callWithTwo(self: unknown, first: unknown, second: unknown): unknown {
    const { key: keyOf } = this;
    let key: unknown;
    let index: unknown;
    try {
      key = keyOf(first, second);
      index = isOwnIndex(key) ? key : this.addressing.indexOf(key);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.cache.hitAt(index) ?? this.load(self, [first, second], index, key);
  }
}

/** One that stands under its arguments: those with one or two primitives are found without a look at any text. */
export class ArgumentsLookupMethod extends LookupMethod {
  constructor(
    original: AnyMethod,
    step: StoreStep,
    private readonly keys: MethodKeyCodec,
  ) {
    super(original, step);
  }

  override callWithOne(self: unknown, first: unknown): unknown {
    if (!isOwnIndex(first)) return this.call(self, [first]);
    return this.cache.hitAt(first) ?? this.load(self, [first], first, undefined);
  }

  override callWithTwo(self: unknown, first: unknown, second: unknown): unknown {
    const place = this.keys.placeOf(first, second);
    if (place === undefined) return this.call(self, [first, second]);
    return this.cache.hitBy(place) ?? this.load(self, [first, second], place.key, undefined);
  }
}

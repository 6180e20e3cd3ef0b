import { CacheMisuseError } from '../../core/index.js';
import {
  MethodKeyCodec,
  type CacheOptions,
  type CacheRegistry,
  type CallSettings,
  type IndexedCache,
} from '../../cache/index.js';
import { namedAddressing, ownAddressing, requireKey, type Addressing, type Arguments } from '../steps/addressing.js';
import type { BoundMethod, BoundMethodParts } from './bound-method.js';
import { EvictStep } from '../steps/evict-step.js';
import { classDefaultsOf, classGroupsOf, classNameOf, declarerOf, type MethodRecord } from '../operations/metadata.js';
import { ListMethod } from './list-method.js';
import { boundMethod } from './method-forms.js';
import { OperationChain } from '../steps/operation-chain.js';
import type {
  CacheableAllOperation,
  CacheableOperation,
  CacheReference,
  ClassDefaults,
  EvictOperation,
  Operation,
  PutOperation,
  StoreOperation,
} from '../operations/operation.js';
import type { Reporter } from '../steps/reporter.js';
import { declaredKind, synchronousMethod, type ResultKind } from '../steps/result-kind.js';
import { DEFAULT_MAX_ITEMS, ONLY_VALUE, wholeSequence, type SequenceForm } from '../steps/sequence-form.js';
import { StoreAllStep } from '../steps/store-all-step.js';
import { StoreStep } from '../steps/store-step.js';

/** Where a step stores: a cache, and how calls and sequences find their place in it. */
interface Place {
  readonly cache: IndexedCache<unknown, unknown>;
  readonly addressing: Addressing;
  readonly form: SequenceForm;
}

/** `Class.method` for the class that an instance is of; a method it overrides and calls by `super` is told apart. */
export function labelOf(
  prototype: object,
  { name, prototype: declarer }: Pick<MethodRecord, 'name' | 'prototype'>,
): string {
  const concrete = classNameOf(prototype);
  const owner = declarerOf(prototype, name) === declarer ? concrete : `${concrete}/${classNameOf(declarer)}`;
  return `${owner}.${String(name)}`;
}

const DECORATORS = { cacheable: 'Cacheable', cacheableAll: 'CacheableAll', put: 'CachePut' };

/** Turns what decorators recorded of one method into the steps of one class in one app. */
export class MethodBinder {
  readonly label: string;
  private readonly defaults: readonly ClassDefaults[];

  constructor(
    private readonly prototype: object,
    private readonly record: MethodRecord,
    private readonly registry: CacheRegistry,
    private readonly reporter: Reporter,
    /** Makes sure that a cache of that name is declared, if anything declares it. */
    private readonly requireDeclared: (cache: string) => void,
  ) {
    this.label = labelOf(prototype, record);
    this.defaults = classDefaultsOf(prototype);
  }

  /** Makes the method's own cache, if it has one, so that others can name it. */
  declareOwnCache(): Place | undefined {
    const operation = this.only('cacheable');
    if (operation === undefined || this.referenceOf(operation) !== undefined) return undefined;
    const name = operation.name ?? this.label;
    const { cache, keys } = this.registry.defineMethodCache(
      name,
      this.ownOptions(operation),
      `@Cacheable of ${this.label}`,
    );
    const maxItems = operation.maxItems ?? this.default('maxItems') ?? DEFAULT_MAX_ITEMS;
    return {
      // A method's own cache takes whatever its method returns.
      cache: cache as unknown as IndexedCache<unknown, unknown>,
      addressing: ownAddressing(`@Cacheable of ${this.label}`, keys, operation.key),
      form: wholeSequence(maxItems),
    };
  }

  bind(ownPlace: Place | undefined): BoundMethod {
    const kind = declaredKind(this.record);
    if (kind === 'sync') throw synchronousMethod(this.label);
    const parts = { label: this.label, original: this.record.original, chain: this.chain(ownPlace) };
    const [operation] = this.all('cacheableAll');
    return operation === undefined ? boundMethod(kind, parts) : this.listMethod(kind, parts, operation);
  }

  /** Refuses a handler whose arguments the request pipeline gives: there is no list of ids among them. */
  requireNoList(): void {
    if (this.all('cacheableAll').length === 0) return;
    throw new CacheMisuseError(
      `@CacheableAll of ${this.label} stands on a handler that the interceptor serves, which gets no ids; ` +
        `put it on the method of a service`,
    );
  }

  chain(ownPlace: Place | undefined): OperationChain {
    const cacheable = this.only('cacheable');
    const evictions = this.all('evict');
    return new OperationChain(
      evictions.filter(({ before }) => before).map((operation) => this.evictStep(operation)),
      cacheable === undefined ? undefined : switchedOn(this.storeStep(cacheable, ownPlace)),
      this.all('put').flatMap((operation) => switchedOn(this.storeStep(operation, ownPlace)) ?? []),
      evictions.filter(({ before }) => !before).map((operation) => this.evictStep(operation)),
    );
  }

  /** The first cache that a result goes into; `undefined` when it goes nowhere. */
  cacheOfResults(ownPlace: Place | undefined): IndexedCache<unknown, unknown> | undefined {
    const [operation] = [...this.all('cacheable'), ...this.all('cacheableAll'), ...this.all('put')];
    return operation === undefined ? undefined : this.storeStep(operation, ownPlace).cache;
  }

  private listMethod(kind: ResultKind, parts: BoundMethodParts, operation: CacheableAllOperation): BoundMethod {
    if (kind !== 'promise' && kind !== 'unknown') {
      throw new CacheMisuseError(
        `@CacheableAll of ${this.label} stands on a method that returns no Promise; return one of an array of values`,
      );
    }
    const step = this.storeStep(operation, undefined);
    if (!step.cache.enabled) return boundMethod(kind, parts);
    return new ListMethod(parts, new StoreAllStep(step));
  }

  private storeStep(
    operation: CacheableOperation | CacheableAllOperation | PutOperation,
    ownPlace: Place | undefined,
  ): StoreStep {
    const label = `@${DECORATORS[operation.kind]} of ${this.label}`;
    const { cache, addressing, form } = this.placeOf(operation, label, ownPlace);
    const groups = [...classGroupsOf(this.prototype), ...this.all('group')];
    const listed = Array.isArray(operation.groups) ? (operation.groups as readonly string[]) : [];
    const fixedGroups = [...listed, ...groups.flatMap(({ group }) => (typeof group === 'string' ? [group] : []))];
    return new StoreStep({
      label,
      cache,
      addressing,
      form,
      condition: operation.condition ?? this.default('condition'),
      unless: operation.unless ?? this.default('unless'),
      ttlOf: operation.ttlOf,
      groupsOfResult: typeof operation.groups === 'function' ? operation.groups : undefined,
      groupsOfArguments: groups.flatMap(({ group }) => (typeof group === 'function' ? [group] : [])),
      prepared: this.settingsOf(label, cache, operation, fixedGroups),
      reporter: this.reporter,
    });
  }

  /** Level over level, by the same function: what is closer to the method wins. */
  private settingsOf(
    label: string,
    cache: IndexedCache<unknown, unknown>,
    { load }: StoreOperation,
    groups: readonly string[],
  ): CallSettings {
    const ofClasses = this.defaults.map((defaults) => defaults.load).toReversed();
    return [...ofClasses, { ...load, groups }].reduce<CallSettings | undefined>(
      (base, given) => cache.prepare(label, given, base),
      undefined,
    ) as CallSettings;
  }

  private placeOf(operation: StoreOperation & Operation, label: string, ownPlace: Place | undefined): Place {
    const reference = this.referenceOf(operation);
    if (reference === undefined) {
      if (ownPlace !== undefined) return ownPlace;
      throw new CacheMisuseError(
        `${label} names no cache; name one, or give the class one by @CacheDefaults({ cache })`,
      );
    }
    const cache = this.cacheOf(reference, label);
    if (operation.kind === 'put' && operation.key === undefined && !this.isLookedUpByDefaultKey(reference)) {
      throw new CacheMisuseError(
        `${label} needs key: without one its value stands under ${this.label} itself, where no other method looks`,
      );
    }
    const defaultKeys = new MethodKeyCodec(this.label);
    return { cache, addressing: namedAddressing(label, cache, operation.key, defaultKeys), form: ONLY_VALUE };
  }

  private evictStep(operation: EvictOperation): EvictStep {
    const label = `@CacheEvict of ${this.label}`;
    const { target } = operation;
    const reference = this.referenceOf(operation);
    const cache = reference === undefined ? undefined : this.cacheOf(reference, label);
    if (cache === undefined && target.by !== 'group') {
      throw new CacheMisuseError(
        `${label} names no cache, which only { group } can do without; name one, or give the class one by @CacheDefaults({ cache })`,
      );
    }
    const indexOf = (args: Arguments): unknown =>
      target.by === 'key' ? cache?.codec.index(requireKey(label, target.key(...args))) : undefined;
    return new EvictStep({
      label,
      cache,
      target,
      indexOf,
      condition: operation.condition ?? this.default('condition'),
      registry: this.registry,
      reporter: this.reporter,
    });
  }

  private cacheOf(reference: CacheReference, label: string): IndexedCache<unknown, unknown> {
    // A definition declares itself; a name must be declared by somebody. What keys and values are was checked by the
    // compiler, where the decorator stands.
    if (typeof reference === 'string') this.requireDeclared(reference);
    else this.registry.define(reference, label);
    return this.registry.core<unknown, unknown>(cacheName(reference), label);
  }

  private referenceOf({ cache }: { readonly cache: CacheReference | undefined }): CacheReference | undefined {
    return cache ?? this.default('cache');
  }

  /** Whether this very method reads what a put under the default key stores. */
  private isLookedUpByDefaultKey(reference: CacheReference): boolean {
    const cacheable = this.only('cacheable');
    if (cacheable === undefined || cacheable.key !== undefined) return false;
    const looked = this.referenceOf(cacheable);
    return looked !== undefined && cacheName(looked) === cacheName(reference);
  }

  /** A method's own cache keeps the options that its decorator and its class name; the rest comes from the module. */
  private ownOptions(operation: CacheableOperation): CacheOptions<string, unknown> {
    const levels = [...this.defaults.toReversed(), operation];
    return Object.assign({}, ...levels.map(({ own, load }) => ({ ...own, ...load }))) as CacheOptions<string, unknown>;
  }

  /** What the closest class that has it gives by `@CacheDefaults`. */
  private default<Name extends keyof ClassDefaults>(name: Name): ClassDefaults[Name] | undefined {
    return this.defaults.find((defaults) => defaults[name] !== undefined)?.[name];
  }

  private all<Kind extends Operation['kind']>(kind: Kind): Extract<Operation, { kind: Kind }>[] {
    const isOfKind = (operation: Operation): operation is Extract<Operation, { kind: Kind }> => operation.kind === kind;
    return this.record.operations.filter(isOfKind);
  }

  private only(kind: 'cacheable'): CacheableOperation | undefined {
    return this.all(kind)[0];
  }
}

function switchedOn(step: StoreStep): StoreStep | undefined {
  return step.cache.enabled ? step : undefined;
}

function cacheName(reference: CacheReference): string {
  return typeof reference === 'string' ? reference : reference.name;
}

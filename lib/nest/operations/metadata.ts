import 'reflect-metadata';
import type { WarmSettings } from '../../cache/index.js';
import type { CacheEventType } from '../../core/index.js';
import type { AnyMethod } from './method-types.js';
import type { ClassDefaults, GroupOperation, Operation } from './operation.js';

/* Everything the decorators leave on classes, and the only file that reads or writes it. Keys are `Symbol.for`, so that
 * two copies of this package see the same records. */
const METHODS = Symbol.for('nestjs-strata:methods');
const CLASS_GROUPS = Symbol.for('nestjs-strata:class-groups');
const CLASS_DEFAULTS = Symbol.for('nestjs-strata:class-defaults');
const EVENT_HANDLERS = Symbol.for('nestjs-strata:event-handlers');
const WARMINGS = Symbol.for('nestjs-strata:warmings');

/** One decorated method: what was asked for it, by as many decorators as stand on it. */
export interface MethodRecord {
  /** The prototype that declares the method. */
  readonly prototype: object;
  readonly name: string | symbol;
  /** The method as it was before the first of our decorators. */
  readonly original: AnyMethod;
  /** What stands in its place. */
  readonly wrapper: AnyMethod;
  /** From the innermost decorator outwards. */
  readonly operations: readonly Operation[];
}

/** A method that listens to cache events. */
export interface EventHandlerRecord {
  readonly name: string | symbol;
  /** `undefined`: the events of every cache. */
  readonly cache: string | undefined;
  /** `undefined`: events of every type. */
  readonly types: readonly CacheEventType[] | undefined;
}

/** A method that is called with lists of arguments before anybody calls it. */
export interface WarmingRecord {
  readonly name: string | symbol;
  readonly lists: Iterable<unknown> | AsyncIterable<unknown> | ((instance: object) => never);
  readonly settings: WarmSettings;
}

/** The record of a method that this very prototype declares. */
export function ownRecord(prototype: object, name: string | symbol): MethodRecord | undefined {
  return ownRecords(prototype)?.get(name);
}

/** Whether this very prototype declares a decorated method. */
export function hasRecords(prototype: object): boolean {
  return ownRecords(prototype) !== undefined;
}

export function addRecord(record: MethodRecord): void {
  const records = ownRecords(record.prototype) ?? new Map<string | symbol, MethodRecord>();
  records.set(record.name, record);
  Reflect.defineMetadata(METHODS, records, record.prototype);
}

export function addOperation(record: MethodRecord, operation: Operation): void {
  (record.operations as Operation[]).push(operation);
}

/** Every decorated method that instances of this prototype have: inherited ones too, unless something overrides them. */
export function recordsOf(prototype: object): MethodRecord[] {
  const seen = new Set<string | symbol>();
  const records: MethodRecord[] = [];
  for (const level of levelsOf(prototype)) {
    for (const record of ownRecords(level)?.values() ?? []) {
      if (!seen.has(record.name)) records.push(record);
    }
    for (const name of Reflect.ownKeys(level)) seen.add(name);
  }
  return records;
}

/** The prototype from which instances of `prototype` get a method. */
export function declarerOf(prototype: object, name: string | symbol): object | undefined {
  return levelsOf(prototype).find((level) => Object.hasOwn(level, name));
}

export function addClassGroup(type: object, group: GroupOperation): void {
  const groups = (Reflect.getOwnMetadata(CLASS_GROUPS, type) as GroupOperation[] | undefined) ?? [];
  Reflect.defineMetadata(CLASS_GROUPS, [...groups, group], type);
}

/** The groups of a class and of all it inherits from. */
export function classGroupsOf(prototype: object): GroupOperation[] {
  return classesOf(prototype).flatMap(
    (type) => (Reflect.getOwnMetadata(CLASS_GROUPS, type) as GroupOperation[] | undefined) ?? [],
  );
}

export function setClassDefaults(type: object, defaults: ClassDefaults): void {
  Reflect.defineMetadata(CLASS_DEFAULTS, defaults, type);
}

/** The defaults of a class and of all it inherits from, the closest first. */
export function classDefaultsOf(prototype: object): ClassDefaults[] {
  return classesOf(prototype).flatMap((type) => {
    const defaults = Reflect.getOwnMetadata(CLASS_DEFAULTS, type) as ClassDefaults | undefined;
    return defaults === undefined ? [] : [defaults];
  });
}

export function addEventHandler(prototype: object, handler: EventHandlerRecord): void {
  const handlers = (Reflect.getOwnMetadata(EVENT_HANDLERS, prototype) as EventHandlerRecord[] | undefined) ?? [];
  Reflect.defineMetadata(EVENT_HANDLERS, [...handlers, handler], prototype);
}

/** Every event handler that instances of this prototype have, unless something overrides it. */
export function eventHandlersOf(prototype: object): EventHandlerRecord[] {
  return levelsOf(prototype).flatMap((level) => {
    const handlers = (Reflect.getOwnMetadata(EVENT_HANDLERS, level) as EventHandlerRecord[] | undefined) ?? [];
    return handlers.filter(({ name }) => declarerOf(prototype, name) === level);
  });
}

export function addWarming(prototype: object, warming: WarmingRecord): void {
  const warmings = (Reflect.getOwnMetadata(WARMINGS, prototype) as WarmingRecord[] | undefined) ?? [];
  Reflect.defineMetadata(WARMINGS, [...warmings, warming], prototype);
}

/** Every warming of a method that instances of this prototype have, unless something overrides it. */
export function warmingsOf(prototype: object): WarmingRecord[] {
  return levelsOf(prototype).flatMap((level) => {
    const warmings = (Reflect.getOwnMetadata(WARMINGS, level) as WarmingRecord[] | undefined) ?? [];
    return warmings.filter(({ name }) => declarerOf(prototype, name) === level);
  });
}

/** The type that a method declares to return, where the compiler emitted it. */
export function declaredReturnType({ prototype, name }: MethodRecord): unknown {
  return Reflect.getOwnMetadata('design:returntype', prototype, name);
}

/** Copies what decorators below ours left on a function, so that guards, routes and others find it on the wrapper. */
export function copyMetadata(from: object, to: object): void {
  for (const key of Reflect.getOwnMetadataKeys(from)) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, from), to);
  }
}

/** `Class` for messages; a class without a name gets one that says so. */
export function classNameOf(prototype: object): string {
  const name: unknown = prototype.constructor?.name;
  return typeof name === 'string' && name !== '' ? name : '(anonymous class)';
}

function ownRecords(prototype: object): Map<string | symbol, MethodRecord> | undefined {
  return Reflect.getOwnMetadata(METHODS, prototype) as Map<string | symbol, MethodRecord> | undefined;
}

/** A prototype and those it inherits from, the most derived first. */
function levelsOf(prototype: object): object[] {
  const levels: object[] = [];
  for (
    let level: object | null = prototype;
    level !== null && level !== Object.prototype;
    level = Object.getPrototypeOf(level) as object | null
  ) {
    levels.push(level);
  }
  return levels;
}

function classesOf(prototype: object): object[] {
  return levelsOf(prototype).flatMap((level) =>
    Object.hasOwn(level, 'constructor') && typeof level.constructor === 'function' ? [level.constructor] : [],
  );
}

import { CacheMisuseError, CacheOptionsError, OptionProblems, DURATION_RULE } from '../../core/index.js';
import { isDefinition, settingsOfCache, type CacheOptions } from '../../cache/index.js';
import type {
  CacheableAllOperation,
  CacheableOperation,
  CacheReference,
  ClassDefaults,
  DecoratorLoadOptions,
  EvictOperation,
  EvictTarget,
  GroupOperation,
  PutOperation,
  StoreOperation,
  UserFunction,
} from './operation.js';

/* From what a user wrote in a decorator to an operation. Literals are checked here, while the class is being defined, so
 * that the error points at the line; what depends on the app is checked when the method is bound. */

const STORE_OPTIONS = ['key', 'condition', 'unless', 'groups'];
/** How a stored value ages, whoever stored it. */
const AGE_OPTIONS: readonly (keyof DecoratorLoadOptions)[] = [
  'ttl',
  'tti',
  'staleWhileRevalidate',
  'staleIfError',
  'refreshAhead',
];
const LOAD_OPTIONS: readonly (keyof DecoratorLoadOptions)[] = [
  ...AGE_OPTIONS,
  'negativeTtl',
  'errorTtl',
  'staleBackoff',
  'loadTimeout',
  'abortWhenAbandoned',
];
const SEQUENCE_OPTIONS = ['name', 'maxItems'];
const OWN_OPTIONS: readonly (keyof CacheOptions)[] = [
  'ttlJitter',
  'maxSize',
  'maxMemory',
  'maxWeight',
  'weigher',
  'policy',
  'clone',
  'enabled',
];
const EVICT_TARGETS = ['key', 'group', 'matching', 'all'] as const;

type Given = Readonly<Record<string, unknown>>;

export function parseCacheable(label: string, args: readonly unknown[]): CacheableOperation {
  const { cache, given } = splitArguments(label, args);
  return checked(label, (problems) => {
    problems.refuseUnknown(given, [...STORE_OPTIONS, ...LOAD_OPTIONS, ...SEQUENCE_OPTIONS, ...OWN_OPTIONS]);
    if (cache !== undefined) refuseOwnOptions(problems, given);
    return { kind: 'cacheable', ...storeOptions(problems, cache, given), ...ownOptions(problems, given) };
  });
}

export function parseCacheableAll(label: string, args: readonly unknown[]): CacheableAllOperation {
  const { cache, given } = splitArguments(label, args);
  return checked(label, (problems) => {
    problems.refuseUnknown(given, [...STORE_OPTIONS, ...LOAD_OPTIONS]);
    const { key = missingKey(problems), ...options } = storeOptions(problems, cache, given);
    return { kind: 'cacheableAll', ...options, key };
  });
}

export function parsePut(label: string, args: readonly unknown[]): PutOperation {
  const { cache, given } = splitArguments(label, args);
  return checked(label, (problems) => {
    problems.refuseUnknown(given, [...STORE_OPTIONS, ...AGE_OPTIONS]);
    return { kind: 'put', ...storeOptions(problems, cache, given) };
  });
}

export function parseEvict(label: string, args: readonly unknown[]): EvictOperation {
  const { cache, given } = splitArguments(label, args);
  return checked(label, (problems) => {
    problems.refuseUnknown(given, [...EVICT_TARGETS, 'before', 'condition']);
    return {
      kind: 'evict',
      cache,
      target: evictTarget(problems, given),
      before: problems.oneOf('before', given['before'], [true, false], false),
      condition: userFunction(problems, 'condition', given),
    };
  });
}

export function parseGroup(label: string, group: unknown): GroupOperation {
  return checked(label, (problems) => ({ kind: 'group', group: groupOption(problems, group) }));
}

export function parseDefaults(label: string, options: unknown): ClassDefaults {
  const given = requireOptions(label, options);
  return checked(label, (problems) => {
    problems.refuseUnknown(given, ['cache', 'condition', 'unless', 'maxItems', ...LOAD_OPTIONS, ...OWN_OPTIONS]);
    if ('cache' in given && given['cache'] === undefined) throw undefinedCache(label);
    const cache = given['cache'] === undefined ? undefined : requireCache(label, given['cache']);
    if (cache !== undefined) refuseOwnOptions(problems, given);
    const { ttlOf, load, condition, unless } = storeOptions(problems, cache, given);
    const { maxItems, own } = ownOptions(problems, given);
    problems.require(ttlOf === undefined, 'ttl', DURATION_RULE, ttlOf);
    return { cache, load, condition, unless, maxItems, own };
  });
}

/** A cache named by a definition or by its name. */
export function requireCache(label: string, cache: unknown): CacheReference {
  if (typeof cache === 'string' && cache !== '') return cache;
  if (isDefinition(cache)) {
    if (cache.kind === 'cache') return cache;
    throw new CacheMisuseError(
      `${label} names "${cache.name}", a MemoryCache, which loads nothing; name one made with defineCache()`,
    );
  }
  throw new CacheMisuseError(
    `${label} names no cache; give it a definition made with defineCache(), or the name of one`,
  );
}

/** The cache of a decorator is `undefined` where its module has not been evaluated yet. */
export function undefinedCache(label: string): CacheMisuseError {
  return new CacheMisuseError(
    `${label}: its cache is undefined, most likely because of a circular import: the file that defines it imports, ` +
      `maybe through others, the file of this class. Define the cache in a file of its own, or name it by its text`,
  );
}

/** Tells a decorator without a cache from one whose cache is `undefined`: by how many arguments it was given. */
function splitArguments(label: string, args: readonly unknown[]): { cache: CacheReference | undefined; given: Given } {
  const [first, second] = args;
  if (args.length > 0 && first === undefined) throw undefinedCache(label);
  const hasCache = typeof first === 'string' || isDefinition(first) || second !== undefined;
  return hasCache
    ? { cache: requireCache(label, first), given: requireOptions(label, second ?? {}) }
    : { cache: undefined, given: requireOptions(label, first ?? {}) };
}

function requireOptions(label: string, options: unknown): Given {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return options as Given;
  throw new CacheMisuseError(`${label}: its options must be an object`);
}

/** What is checked here is checked by hand: the shapes below are what the checks have established. */
function storeOptions(problems: OptionProblems, cache: CacheReference | undefined, given: Given): StoreOperation {
  const { ttl, groups } = given;
  const load = optionsAmong(LOAD_OPTIONS, typeof ttl === 'function' ? { ...given, ttl: undefined } : given);
  // The rules stand where the options of all levels meet.
  settingsOfCache(problems, [load as DecoratorLoadOptions]);
  const isList = Array.isArray(groups) && groups.every((group) => typeof group === 'string' && group !== '');
  const valid = groups === undefined || typeof groups === 'function' || isList;
  problems.require(
    valid,
    'groups',
    'must be a list of texts that are not empty, or a function that returns one',
    groups,
  );
  return {
    cache,
    key: userFunction(problems, 'key', given),
    condition: userFunction(problems, 'condition', given),
    unless: userFunction(problems, 'unless', given),
    ttlOf: typeof ttl === 'function' ? (ttl as StoreOperation['ttlOf']) : undefined,
    load: load as DecoratorLoadOptions,
    groups: groups as StoreOperation['groups'],
  };
}

function ownOptions(problems: OptionProblems, given: Given): Pick<CacheableOperation, 'name' | 'maxItems' | 'own'> {
  const { name } = given;
  const valid = name === undefined || (typeof name === 'string' && name !== '');
  problems.require(valid, 'name', 'must be a text that is not empty', name);
  return {
    name: typeof name === 'string' ? name : undefined,
    maxItems: problems.positiveInteger('maxItems', given['maxItems'], undefined),
    // The registry checks them, for it knows the module's defaults.
    own: optionsAmong(OWN_OPTIONS, given) as CacheOptions,
  };
}

/** The options of these names that are given; an explicit `undefined` is not. */
function optionsAmong(names: readonly string[], given: Given): Given {
  return Object.fromEntries(names.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]] as const])));
}

function missingKey(problems: OptionProblems): UserFunction<unknown> {
  problems.add('key', 'must be a function of one id, and of the further arguments', undefined);
  return () => undefined;
}

function refuseOwnOptions(problems: OptionProblems, given: Given): void {
  for (const option of [...SEQUENCE_OPTIONS, ...OWN_OPTIONS]) {
    const rule = "describes a method's own cache; give it to defineCache(), or name no cache";
    problems.require(given[option] === undefined, option, rule, given[option]);
  }
}

function evictTarget(problems: OptionProblems, given: Given): EvictTarget {
  const targets = EVICT_TARGETS.filter((name) => given[name] !== undefined && given[name] !== false);
  const [by] = targets;
  if (by === undefined || targets.length > 1) {
    problems.add('options', 'must name exactly one of key, group, matching and all: true', targets.join(', '));
    return { by: 'all' };
  }
  const target = given[by];
  switch (by) {
    case 'key':
      return { by, key: userFunction(problems, 'key', given) ?? (() => undefined) };
    case 'group':
      return { by, group: groupOption(problems, target) };
    case 'matching': {
      const valid =
        (typeof target === 'string' && target !== '') || target instanceof RegExp || typeof target === 'function';
      problems.require(valid, 'matching', 'must be a glob, a RegExp or a function of the key', target);
      return { by, pattern: target as string | RegExp | UserFunction<boolean> };
    }
    case 'all':
      problems.require(target === true, 'all', 'must be true', target);
      return { by };
  }
}

function groupOption(problems: OptionProblems, group: unknown): string | UserFunction<unknown> {
  const valid = (typeof group === 'string' && group !== '') || typeof group === 'function';
  problems.require(valid, 'group', 'must be a text that is not empty, or a function of the arguments', group);
  return group as string | UserFunction<unknown>;
}

function userFunction(problems: OptionProblems, option: string, given: Given): UserFunction<unknown> | undefined {
  // The decorator's type compared its parameters with the method's.
  return problems.function(option, given[option] as UserFunction<unknown> | undefined, undefined);
}

/** Runs the checks; what they find is misuse of the decorator, with every problem in one error. */
function checked<T>(label: string, parse: (problems: OptionProblems) => T): T {
  const problems = new OptionProblems(label);
  const parsed = parse(problems);
  try {
    problems.throwIfAny();
  } catch (cause) {
    throw new CacheMisuseError(cause instanceof CacheOptionsError ? cause.message : String(cause), { cause });
  }
  return parsed;
}

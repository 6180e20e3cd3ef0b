import type { CanActivate, ModuleMetadata, Type } from '@nestjs/common';
import { OptionProblems, type Duration } from '../../core/index.js';

/** What `CacheDashboardModule.forRoot()` takes. */
export interface CacheDashboardOptions {
  /** Where the page is, below the app's global prefix. @defaultValue '/strata' */
  readonly path?: string;
  /**
   * Who may see it: guards of Nest, classes or instances, asked in this order for the page and for everything that it
   * asks for. Has to be given: `[]` shows the page to whoever reaches the app.
   */
  readonly guards: readonly (Type<CanActivate> | CanActivate)[];
  /** Modules that have what the guards inject. */
  readonly imports?: ModuleMetadata['imports'];
  /** Whether who sees the page may also invalidate and clear. Needs a guard. @defaultValue false */
  readonly actions?: boolean;
  /**
   * The folder in which the page may save snapshots, made where there is none; each cache has one file in it. Needs
   * `actions`. @defaultValue none: the page saves no snapshot
   */
  readonly snapshots?: string;
  /**
   * Whether values are shown, shortened. A function says what is shown in place of a value, and is called with each that
   * somebody opens: for values with secrets in them. @defaultValue true
   */
  readonly values?: boolean | ValueShown;
  /** What this process is called on the page. @defaultValue the name of the host */
  readonly node?: string;
  /** How often the numbers are read, 250ms to 30s. @defaultValue '2s' */
  readonly interval?: Duration;
  /**
   * For how long they are kept, so that whoever opens the page sees what has been; `0` keeps nothing, and then nothing is
   * read while nobody looks. Some 250 bytes for each interval and each cache that was used in it. @defaultValue '15m'
   */
  readonly history?: Duration;
}

/** Says what is shown in place of a value. */
export type ValueShown = (value: unknown, key: unknown, cache: string) => unknown;

/** The options checked, with every default in place. */
export interface DashboardSettings {
  /** Without slashes at its ends. */
  readonly path: string;
  readonly guards: readonly (Type<CanActivate> | CanActivate)[];
  readonly imports: NonNullable<ModuleMetadata['imports']>;
  readonly hasActions: boolean;
  readonly snapshotFolder: string | undefined;
  /** `undefined`: values are not shown. */
  readonly valueShown: ValueShown | undefined;
  readonly node: string | undefined;
  readonly intervalMs: number;
  readonly historyMs: number;
}

const OPTION_NAMES: readonly (keyof CacheDashboardOptions)[] = [
  'path',
  'guards',
  'imports',
  'actions',
  'snapshots',
  'values',
  'node',
  'interval',
  'history',
];
const PATH = /^[\w~.:-]+(?:\/[\w~.:-]+)*$/;
const MIN_INTERVAL_MS = 250;
const MAX_INTERVAL_MS = 30_000;
const MAX_HISTORY_MS = 86_400_000;

/** Throws every problem in one error. */
export function resolveDashboardOptions(given: CacheDashboardOptions): DashboardSettings {
  const problems = new OptionProblems('CacheDashboardModule.forRoot()');
  problems.requireObject('options', given);
  problems.refuseUnknown(given, OPTION_NAMES);
  const { guards, imports = [], values = true, node, actions, snapshots } = given;
  problems.require(
    Array.isArray(guards) && guards.every(isGuard),
    'guards',
    'must be a list of guards, which say who may see the page; [] shows it to whoever reaches the app',
    guards,
  );
  const hasActions = problems.oneOf('actions', actions, [true, false], false);
  const isGuarded = Array.isArray(guards) && guards.length > 0;
  problems.require(!hasActions || isGuarded, 'actions', 'needs a guard in guards: else anybody could clear', actions);
  problems.require(Array.isArray(imports), 'imports', 'must be a list of modules', imports);
  const isFolder = snapshots === undefined || (typeof snapshots === 'string' && snapshots !== '');
  problems.require(isFolder, 'snapshots', 'must be the path of a folder', snapshots);
  problems.require(snapshots === undefined || hasActions, 'snapshots', 'needs actions: true', snapshots);
  const isShown = typeof values === 'boolean' || typeof values === 'function';
  problems.require(isShown, 'values', 'must be true, false or a function that says what is shown', values);
  const isName = node === undefined || (typeof node === 'string' && node !== '' && node.length <= 100);
  problems.require(isName, 'node', 'must be a text of 1 to 100 characters', node);
  const settings: DashboardSettings = {
    path: pathOf(problems, given.path ?? '/strata'),
    guards,
    imports,
    hasActions,
    snapshotFolder: snapshots,
    valueShown: typeof values === 'function' ? values : values ? (value) => value : undefined,
    node,
    intervalMs: within(problems, 'interval', given.interval, 2_000, MIN_INTERVAL_MS, MAX_INTERVAL_MS),
    historyMs: within(problems, 'history', given.history, 900_000, 0, MAX_HISTORY_MS),
  };
  problems.throwIfAny();
  return settings;
}

function isGuard(candidate: unknown): boolean {
  if (typeof candidate === 'function') return true;
  return typeof candidate === 'object' && candidate !== null && 'canActivate' in candidate;
}

function pathOf(problems: OptionProblems, given: unknown): string {
  const path = typeof given === 'string' ? given.replace(/^\/+|\/+$/g, '') : '';
  problems.require(PATH.test(path), 'path', "must be a path such as '/strata' or '/admin/caches'", given);
  return path;
}

function within(
  problems: OptionProblems,
  option: 'interval' | 'history',
  given: Duration | undefined,
  fallback: number,
  min: number,
  max: number,
): number {
  const ms = problems.duration(option, given, fallback);
  problems.require(ms >= min && ms <= max, option, `must be from ${min} to ${max} milliseconds`, given);
  return ms;
}

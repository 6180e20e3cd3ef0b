import type { Duration, OptionProblems } from '../../core/index.js';

/** When a cache writes down what it holds, and where from it starts. */
export interface SnapshotOptions {
  /** The file; its folder must be there. One of its own for each cache and each process. */
  readonly path: string;
  /** So long after one snapshot has been written the next one is begun. @defaultValue not at all */
  readonly every?: Duration;
  /** Whether one is written when the cache is closed, when running loads and writes have ended. @defaultValue true */
  readonly onShutdown?: boolean;
  /**
   * Whether the file is restored at the start: `'wait'`, before the application is ready; `'background'`, while it works
   * already; `'never'`. That there is no file, or a damaged one, is told and stops nothing. @defaultValue 'wait'
   */
  readonly onStart?: 'wait' | 'background' | 'never';
}

/** The same, checked. */
export interface SnapshotSettings {
  readonly path: string;
  /** Infinity: not at all. */
  readonly everyMs: number;
  readonly onShutdown: boolean;
  readonly onStart: 'wait' | 'background' | 'never';
}

export function resolveSnapshot(
  problems: OptionProblems,
  given: SnapshotOptions | undefined,
): SnapshotSettings | undefined {
  if (given === undefined) return undefined;
  problems.requireObject('snapshot', given);
  problems.refuseUnknown(given, ['path', 'every', 'onShutdown', 'onStart']);
  const { path } = given;
  problems.require(typeof path === 'string' && path !== '', 'snapshot.path', 'must be the path of a file', path);
  const everyMs = problems.duration('snapshot.every', given.every, Infinity);
  problems.require(everyMs > 0, 'snapshot.every', 'must be above 0', given.every);
  return {
    path,
    everyMs,
    onShutdown: problems.oneOf('snapshot.onShutdown', given.onShutdown, [true, false], true),
    onStart: problems.oneOf('snapshot.onStart', given.onStart, ['wait', 'background', 'never'] as const, 'wait'),
  };
}

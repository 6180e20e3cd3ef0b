import type { CacheEvent, CacheProgress } from '../../core/index.js';
import { shownText } from './shown-text.js';
import type { EventLine, KeyLabel, Progress } from './wire.js';

const LONGEST_TEXT = 200;

/** An event without its value, its key and its error as texts that fit into a line. */
export function eventLine(event: CacheEvent, labelOf: (cache: string, key: unknown) => KeyLabel): EventLine {
  const { type, cache, at, key, group, pattern, tier, cause, durationMs, progress, error } = event;
  return {
    type,
    cache,
    at,
    ...(key !== undefined && { key: labelOf(cache, key) }),
    ...(group !== undefined && { group: shownText(group, LONGEST_TEXT) }),
    ...(pattern !== undefined && { pattern: shownText(pattern, LONGEST_TEXT) }),
    ...(tier !== undefined && { tier }),
    ...(cause !== undefined && { cause }),
    ...(durationMs !== undefined && { durationMs: Number(durationMs.toPrecision(4)) }),
    ...(progress !== undefined && { progress: progressOf(progress) }),
    ...(error !== undefined && { error: shownText(messageOf(error), LONGEST_TEXT) }),
  };
}

export function progressOf({ done, failed, total, etaMs }: CacheProgress): Progress {
  return { done, failed, total: total ?? null, etaMs: etaMs === undefined ? null : Math.round(etaMs) };
}

function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  return typeof error === 'string' ? error : `a value of type ${typeof error} was thrown`;
}

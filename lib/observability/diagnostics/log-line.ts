import type { CacheEvent } from '../../core/index.js';

/** What a line of the log tells of an event; no value of the cache, and no key unless it was asked for. */
export interface LogLine {
  readonly event: CacheEvent['type'];
  readonly cache?: string;
  readonly tier?: string;
  readonly cause?: string;
  readonly key?: string;
  readonly group?: string;
  readonly pattern?: string;
  readonly durationMs?: number;
  readonly error?: string;
  /** How many like it came since the last line and were not logged; that one's details are those of the last of them. */
  readonly suppressed?: number;
}

export type LogLevel = 'debug' | 'log' | 'warn';

/** Of trouble, and of its end, whatever the cache: these are told of a tier or the bus. */
const SHARED: readonly CacheEvent['type'][] = ['breaker', 'recovered', 'bus'];

/** Whether every cache with the same tier or bus tells of the same thing. */
export function isShared({ type }: CacheEvent): boolean {
  return SHARED.includes(type);
}

export function lineOf(event: CacheEvent, withKeys: boolean, suppressed: number): LogLine {
  const { type, cache, tier, cause, key, group, pattern, durationMs, error } = event;
  const all = {
    event: type,
    cache: isShared(event) ? undefined : cache,
    tier,
    cause,
    key: withKeys && key !== undefined ? textOf(key) : undefined,
    group,
    pattern,
    durationMs: durationMs === undefined ? undefined : Math.round(durationMs * 1_000) / 1_000,
    error: error === undefined ? undefined : error instanceof Error ? error.message : textOf(error),
    suppressed: suppressed === 0 ? undefined : suppressed,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as unknown as LogLine;
}

/** One line: `tierError cache=users tier=redis cause=read error="connect ECONNREFUSED" suppressed=12`. */
export function formatLine({ event, ...details }: LogLine): string {
  const fields = Object.entries(details).map(([name, value]) => `${name}=${fieldOf(String(value))}`);
  return [event, ...fields].join(' ');
}

export function levelOf({ type, cause }: CacheEvent): LogLevel {
  switch (type) {
    case 'tierError':
    case 'loadError':
      return 'warn';
    case 'breaker':
      return cause === 'open' ? 'warn' : 'log';
    case 'bus':
      return cause === 'distrust' || cause === 'trouble' ? 'warn' : 'debug';
    case 'recovered':
      return 'log';
    default:
      return 'debug';
  }
}

/** Quoted where it would else end the field; without anything that a terminal obeys or breaks the line at. */
function fieldOf(text: string): string {
  if (/^[^\s"=\p{Cc}\p{Cf}]+$/u.test(text)) return text;
  return JSON.stringify(text).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped);
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

function textOf(value: unknown): string {
  try {
    return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
  } catch {
    return '(cannot be shown)';
  }
}

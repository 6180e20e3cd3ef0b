import { Logger, type LoggerService } from '@nestjs/common';
import type { CacheRegistry } from '../../cache/index.js';
import {
  CACHE_EVENT_TYPES,
  OptionProblems,
  systemClock,
  type CacheEvent,
  type CacheEventType,
  type Cancel,
  type Clock,
  type Duration,
} from '../../core/index.js';
import { formatLine, isShared, levelOf, lineOf } from './log-line.js';

/** What is logged of caches. */
export interface CacheLogOptions {
  /** @defaultValue trouble and its end: `tierError`, `loadError`, `breaker`, `recovered`, and of `bus` what is not routine */
  readonly types?: readonly CacheEventType[];
  /** Of lines that differ in nothing but key, group and message, one in so long; then how many more there were. `0` logs all. @defaultValue '10s' */
  readonly every?: Duration;
  /** `'text'`: one line of `name=value`. `'object'`: for loggers that write JSON. @defaultValue 'text' */
  readonly format?: 'text' | 'object';
  /** Whether lines name keys. A key may be somebody's name. @defaultValue false */
  readonly keys?: boolean;
  /** @defaultValue Nest's, with the context `nestjs-strata` */
  readonly logger?: Pick<LoggerService, 'log' | 'warn' | 'debug'>;
  /** @defaultValue the system's */
  readonly clock?: Clock;
}

const TROUBLE: readonly CacheEventType[] = ['tierError', 'loadError', 'breaker', 'recovered', 'bus'];

/** Lines of one kind, of which one has been logged. */
interface Kept {
  readonly cache: string;
  suppressed: number;
  last: CacheEvent;
  readonly cancel: Cancel;
}

/**
 * Logs what happens in every cache, those that are defined later included, without flooding the log when a server is
 * away: the first line of a kind comes at once, the others are counted and told in one. Returns what ends that.
 */
export function logCacheEvents(caches: CacheRegistry, options: CacheLogOptions = {}): () => void {
  const log = new EventLog(resolve(options));
  const subscription = caches.events$.ofType(...log.types).subscribe((event) => log.add(event));
  return () => {
    subscription.unsubscribe();
    log.end();
  };
}

type Settings = ReturnType<typeof resolve>;

class EventLog {
  private readonly kept = new Map<string, Kept>();

  constructor(private readonly settings: Settings) {}

  get types(): readonly CacheEventType[] {
    return this.settings.types;
  }

  add(event: CacheEvent): void {
    const { everyMs, isRoutineLogged } = this.settings;
    if (!isRoutineLogged && event.type === 'bus' && levelOf(event) === 'debug') return;
    if (everyMs === 0) return this.write(event, 0);
    const kind = kindOf(event);
    const kept = this.kept.get(kind);
    if (kept === undefined) {
      this.keep(kind, event);
      this.write(event, 0);
    } else if (kept.cache === event.cache) {
      // Of what all caches tell alike, one is listened to.
      kept.suppressed++;
      kept.last = event;
    }
  }

  end(): void {
    for (const { cancel, last, suppressed } of this.kept.values()) {
      cancel();
      if (suppressed > 0) this.write(last, suppressed);
    }
    this.kept.clear();
  }

  /** From now on others of this kind are counted. */
  private keep(kind: string, event: CacheEvent): void {
    const cancel = this.settings.clock.after(this.settings.everyMs, () => this.tellRest(kind));
    this.kept.set(kind, { cache: event.cache, suppressed: 0, last: event, cancel });
  }

  private tellRest(kind: string): void {
    const kept = this.kept.get(kind);
    this.kept.delete(kind);
    if (kept === undefined || kept.suppressed === 0) return;
    this.keep(kind, kept.last);
    this.write(kept.last, kept.suppressed);
  }

  private write(event: CacheEvent, suppressed: number): void {
    const { logger, keys, format } = this.settings;
    const line = lineOf(event, keys, suppressed);
    try {
      logger[levelOf(event)]?.(format === 'text' ? formatLine(line) : line);
    } catch {
      // Swallowed on purpose: of a logger that fails nobody can be told, and a timer's error would end the process.
    }
  }
}

/** Lines of one kind are counted together. Of a breaker all are of one, so that the last of them tells its state. */
function kindOf(event: CacheEvent): string {
  const { type, tier, cause, cache } = event;
  return [type, tier, type === 'breaker' ? '' : cause, isShared(event) ? '' : cache].join(' ');
}

function resolve(options: CacheLogOptions) {
  const problems = new OptionProblems('logCacheEvents()');
  problems.requireObject('options', options);
  problems.refuseUnknown(options, ['types', 'every', 'format', 'keys', 'logger', 'clock']);
  const { types = TROUBLE, logger = new Logger('nestjs-strata'), clock = systemClock } = options;
  const rule = `must be a list of ${CACHE_EVENT_TYPES.join(', ')}`;
  problems.requireEach('types', rule, types, (type) => CACHE_EVENT_TYPES.includes(type as CacheEventType));
  problems.require(!Array.isArray(types) || types.length > 0, 'types', 'must name one at least', types);
  const everyMs = problems.duration('every', options.every, 10_000);
  problems.require(everyMs < Infinity, 'every', 'must be finite', options.every);
  const isLogger = typeof logger?.warn === 'function' && typeof logger.log === 'function';
  problems.require(isLogger, 'logger', 'must have the methods of a LoggerService', logger);
  const format = problems.oneOf('format', options.format, ['text', 'object'], 'text');
  const keys = problems.oneOf('keys', options.keys, [true, false], false);
  problems.throwIfAny();
  return { types, everyMs, format, keys, logger, clock, isRoutineLogged: options.types?.includes('bus') === true };
}

import type { CacheState, Hello, Metric, NodeIdentity, Sample, Tick } from '../wire.js';
import { comparedTexts } from './format.js';

type Values = readonly (number | null)[];

/** An interval, by cache. */
interface Interval {
  readonly at: number;
  readonly ms: number;
  readonly caches: ReadonlyMap<string, Values>;
}

export type Points = (number | null)[];

/** The page keeps at least as much as a quarter of an hour, also of a node that keeps nothing. */
const MIN_KEPT_MS = 900_000;

/** What the page knows of the node that it shows. */
export class Model {
  node: NodeIdentity | undefined = undefined;
  hasActions = false;
  savesSnapshots = false;
  eventTypes: readonly string[] = [];
  intervalMs = 2_000;
  keptMs = MIN_KEPT_MS;
  readonly caches = new Map<string, CacheState>();
  private columns: ReadonlyMap<Metric, number> = new Map();
  private intervals: Interval[] = [];

  /** When the last interval ended. */
  get lastAt(): number {
    return this.intervals.at(-1)?.at ?? 0;
  }

  /** Returns the node that was shown before, when it is another one. */
  hello({
    node,
    actions,
    snapshots,
    eventTypes,
    intervalMs,
    historyMs,
    metrics,
    caches,
    samples,
  }: Hello): NodeIdentity | undefined {
    const before = this.node;
    const isOther = before !== undefined && before.id !== node.id;
    if (isOther) this.intervals = [];
    if (isOther) this.caches.clear();
    this.node = node;
    this.hasActions = actions;
    this.savesSnapshots = snapshots;
    this.eventTypes = eventTypes;
    this.intervalMs = intervalMs;
    this.keptMs = Math.max(historyMs, MIN_KEPT_MS);
    this.columns = new Map(metrics.map((metric, column) => [metric, column]));
    for (const state of caches) this.caches.set(state.name, state);
    this.add(samples);
    return isOther ? before : undefined;
  }

  tick({ samples, caches }: Tick): void {
    for (const state of caches) this.caches.set(state.name, state);
    this.add(samples);
  }

  /** The names of the caches, in order. */
  names(): string[] {
    return [...this.caches.keys()].toSorted(comparedTexts);
  }

  /** What happened in a range of time until now, in one cache or in all of them. */
  window(rangeMs: number, scope: string | undefined): Window {
    const since = this.lastAt - rangeMs;
    return new Window(
      this.intervals.filter(({ at }) => at > since),
      this.columns,
      scope,
      this.caches,
    );
  }

  private add(samples: readonly Sample[]): void {
    for (const { at, ms, caches } of samples) {
      if (at > this.lastAt) this.intervals.push({ at, ms, caches: new Map(caches) });
    }
    const until = this.lastAt - this.keptMs;
    const first = this.intervals.findIndex(({ at }) => at > until);
    if (first > 0) this.intervals.splice(0, first);
  }
}

/** A range of time, as numbers to show. */
export class Window {
  constructor(
    private readonly intervals: readonly Interval[],
    private readonly columns: ReadonlyMap<Metric, number>,
    private readonly scope: string | undefined,
    private readonly states: ReadonlyMap<string, CacheState>,
  ) {}

  get length(): number {
    return this.intervals.length;
  }

  /** In seconds since 1970, as plots want it. */
  times(): number[] {
    return this.intervals.map(({ at }) => at / 1000);
  }

  /** The same range of one cache. */
  of(cache: string): Window {
    return new Window(this.intervals, this.columns, cache, this.states);
  }

  /** The last few intervals of it. */
  recent(count: number): Window {
    return new Window(this.intervals.slice(-count), this.columns, this.scope, this.states);
  }

  total(...metrics: readonly Metric[]): number {
    return this.intervals.reduce((sum, interval) => sum + this.count(interval, metrics), 0);
  }

  seconds(): number {
    return this.intervals.reduce((sum, { ms }) => sum + ms, 0) / 1000;
  }

  /** `null` without any time. */
  perSecond(...metrics: readonly Metric[]): number | null {
    const seconds = this.seconds();
    return seconds === 0 ? null : this.total(...metrics) / seconds;
  }

  /** `null` without lookups. */
  hitRatio(): number | null {
    const [hits, misses] = [this.total('hits'), this.total('misses')];
    return hits + misses === 0 ? null : hits / (hits + misses);
  }

  /** In each second, interval by interval. */
  rates(...metrics: readonly Metric[]): Points {
    return this.intervals.map((interval) => (this.count(interval, metrics) / interval.ms) * 1000);
  }

  hitRatios(): Points {
    return this.intervals.map((interval) => {
      const hits = this.count(interval, ['hits']);
      const gets = hits + this.count(interval, ['misses']);
      return gets === 0 ? null : hits / gets;
    });
  }

  /** Latencies of one cache: there is no percentile of several. */
  latencies(metric: Metric): Points {
    return this.intervals.map(({ caches }) => this.value(caches.get(this.scope ?? ''), metric));
  }

  /** The longest of some latencies, `null` without any. */
  longest(metric: Metric): number | null {
    const known = this.latencies(metric).filter((ms) => ms !== null);
    return known.length === 0 ? null : Math.max(...known);
  }

  /** What was the case at the end of each interval, summed over the caches. Between changes it stays as it was. */
  gauges(metric: 'size' | 'weight'): Points {
    const last = new Map<string, number>();
    const names = this.scope === undefined ? [...this.states.keys()] : [this.scope];
    const seen = new Set(this.intervals.flatMap(({ caches }) => [...caches.keys()]));
    // One that did nothing in all this time is as it was before.
    for (const name of names) {
      const state = this.states.get(name);
      if (!seen.has(name) && state !== undefined) last.set(name, state[metric]);
    }
    return this.intervals.map(({ caches }) => {
      for (const name of names) {
        const value = this.value(caches.get(name), metric);
        if (value !== null) last.set(name, value);
      }
      return last.size === 0 ? null : [...last.values()].reduce((sum, value) => sum + value, 0);
    });
  }

  /** The caches with the most lookups in it, the busiest first. */
  busiest(count: number): string[] {
    const lookups = new Map<string, number>();
    for (const { caches } of this.intervals) {
      for (const [name, values] of caches) {
        const more = (this.value(values, 'hits') ?? 0) + (this.value(values, 'misses') ?? 0);
        lookups.set(name, (lookups.get(name) ?? 0) + more);
      }
    }
    return [...lookups]
      .filter(([, many]) => many > 0)
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, count)
      .map(([name]) => name);
  }

  private count({ caches }: Interval, metrics: readonly Metric[]): number {
    let sum = 0;
    const add = (values: Values | undefined): void => {
      for (const metric of metrics) sum += this.value(values, metric) ?? 0;
    };
    if (this.scope !== undefined) add(caches.get(this.scope));
    else for (const values of caches.values()) add(values);
    return sum;
  }

  private value(values: Values | undefined, metric: Metric): number | null {
    const column = this.columns.get(metric);
    return values === undefined || column === undefined ? null : (values[column] ?? null);
  }
}

import type { BackgroundNews, CacheRegistry } from '../../cache/index.js';
import type { Cancel, Clock } from '../../core/index.js';
import { cacheState, sampleValues, type AnyStats } from './cache-state.js';
import type { CacheSample, CacheState, Sample } from './wire.js';

/** What a {@link Sampler} is made of. */
export interface SamplerParts {
  readonly registry: Pick<CacheRegistry, 'stats' | 'get'> & {
    work(name: string): readonly BackgroundNews[];
  };
  readonly clock: Clock;
  readonly intervalMs: number;
  /** `0`: nothing is kept, and nothing is read while nobody listens. */
  readonly historyMs: number;
}

/** Hears of an interval, and of the caches that changed in it. */
export type SampleListener = (sample: Sample, changed: readonly CacheState[]) => void;

/**
 * Reads the numbers of all caches once in each interval, for everybody who listens, and keeps what it read for a while.
 * The caches are not slower for it: their numbers are copied, not their operations watched.
 */
export class Sampler {
  private readonly samples: Sample[] = [];
  private readonly listeners = new Set<SampleListener>();
  private before = new Map<string, AnyStats>();
  /** What was told last of the surroundings of each cache. */
  private readonly told = new Map<string, string>();
  private readAtMs = 0;
  private cancel: Cancel | undefined = undefined;

  constructor(private readonly parts: SamplerParts) {}

  /** Begins to read, where something is to be kept. */
  start(): void {
    if (this.parts.historyMs > 0) this.run();
  }

  stop(): void {
    this.listeners.clear();
    this.cancel?.();
    this.cancel = undefined;
  }

  /** Calls `listener` at the end of each interval; returns what ends that. */
  listen(listener: SampleListener): () => void {
    this.listeners.add(listener);
    this.run();
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0 && this.parts.historyMs === 0) this.stop();
    };
  }

  /** What was kept and ended after `sinceMs`, the oldest first. */
  history(sinceMs: number): readonly Sample[] {
    return this.samples.filter(({ at }) => at > sinceMs);
  }

  /** Every cache as it is now. */
  states(): readonly CacheState[] {
    return Object.entries(this.parts.registry.stats()).map(([name, stats]) => this.state(name, stats));
  }

  private run(): void {
    if (this.cancel !== undefined) return;
    this.before = new Map(Object.entries(this.parts.registry.stats()));
    this.readAtMs = this.parts.clock.now();
    this.wait();
  }

  private wait(): void {
    this.cancel = this.parts.clock.after(this.parts.intervalMs, () => {
      this.wait();
      this.tick();
    });
  }

  private tick(): void {
    const { registry, clock, historyMs } = this.parts;
    const [nowMs, at] = [clock.now(), clock.epochMs()];
    const stats = new Map(Object.entries(registry.stats()));
    const caches: CacheSample[] = [];
    const states: CacheState[] = [];
    for (const [name, of] of stats) {
      const values = sampleValues(of, this.before.get(name));
      if (values !== undefined) caches.push([name, values]);
      if (this.listeners.size === 0) continue;
      const state = this.state(name, of);
      const circumstances = circumstancesOf(state);
      // A breaker may open in a cache that did nothing.
      if (values !== undefined || circumstances !== this.told.get(name)) states.push(state);
      this.told.set(name, circumstances);
    }
    const sample: Sample = { at, ms: Math.round(nowMs - this.readAtMs), caches };
    this.before = stats;
    this.readAtMs = nowMs;
    this.samples.push(sample);
    while (this.samples.length > 0 && (this.samples[0] as Sample).at <= at - historyMs) this.samples.shift();
    for (const listener of this.listeners) listener(sample, states);
  }

  private state(name: string, stats: AnyStats): CacheState {
    const { registry } = this.parts;
    const { enabled = true } = registry.get(name) as { readonly enabled?: boolean }; // a MemoryCache has none
    return cacheState(name, enabled, stats, registry.work(name));
  }
}

/** What may change although the cache itself does nothing. */
function circumstancesOf({ tiers, bus, flights, work }: CacheState): string {
  return JSON.stringify([tiers.map(({ breaker, recoveryQueue }) => [breaker, recoveryQueue]), bus, flights, work]);
}

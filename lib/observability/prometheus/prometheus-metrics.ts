import { register, type Metric as PromMetric, type OpenMetricsContentType, type Registry } from 'prom-client';
import type { CacheRegistry, RegistryStats } from '../../cache/index.js';
import { CacheMisuseError, OptionProblems } from '../../core/index.js';
import { METRICS, type LatencyMetric, type Metric } from '../metrics/index.js';

/** How the numbers of caches are exported to Prometheus. */
export interface PrometheusMetricsOptions {
  /** prom-client's registry that the application exports. @defaultValue prom-client's own `register` */
  readonly registry?: Registry | Registry<OpenMetricsContentType>;
  /** Begins every name. @defaultValue 'strata_' */
  readonly prefix?: string;
  /** Upper bounds of histograms, in seconds, ascending: of hits in memory, and of everything that waits. */
  readonly buckets?: { readonly hit?: readonly number[]; readonly other?: readonly number[] };
}

interface Settings {
  readonly registry: Registry | Registry<OpenMetricsContentType>;
  readonly prefix: string;
  bounds(metric: LatencyMetric): readonly number[];
}

const PREFIX_RULE = 'must be letters, digits, "_" or ":", not beginning with a digit';
const BOUNDS_RULE = 'must be a list of finite numbers above 0, ascending';

/**
 * Registers the numbers of every cache, those that are defined later included, with a registry of prom-client; they are
 * read when it is scraped. Returns what takes them out again.
 */
export function exportPrometheusMetrics(caches: CacheRegistry, options: PrometheusMetricsOptions = {}): () => void {
  const settings = resolve(options);
  const scrape = new Scrape(caches);
  const names = METRICS.map((metric) => promName(metric, settings.prefix));
  const taken = names.find((name) => settings.registry.getSingleMetric(name) !== undefined);
  if (taken !== undefined) {
    throw new CacheMisuseError(
      `the registry has a metric "${taken}" already, as when two applications of one process export to it; ` +
        `give one of them another prefix, or a registry of its own`,
    );
  }
  METRICS.forEach((metric, at) => {
    const exported = new ExportedMetric(names[at] as string, metric, scrape, settings);
    // prom-client has no class whose values are read when they are asked for; this is what its registry calls of one.
    settings.registry.registerMetric(exported as unknown as PromMetric);
  });
  return () => {
    for (const name of names) settings.registry.removeSingleMetric(name);
  };
}

/** All metrics of one scrape tell of the same moment, and the numbers are taken once for it. */
class Scrape {
  private taken: RegistryStats | undefined = undefined;

  constructor(private readonly caches: CacheRegistry) {}

  stats(): RegistryStats {
    if (this.taken === undefined) {
      this.taken = this.caches.stats();
      // The registry asks all its metrics in one go.
      queueMicrotask(() => (this.taken = undefined));
    }
    return this.taken;
  }
}

interface Line {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** A metric as prom-client's registry knows one. */
class ExportedMetric {
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labelNames: readonly string[];
  readonly aggregator = 'sum';

  constructor(
    /** The registry writes it: in OpenMetrics a counter is named without its suffix. */
    public name: string,
    private readonly metric: Metric,
    private readonly scrape: Scrape,
    private readonly settings: Settings,
  ) {
    this.help = metric.help;
    this.type = metric.kind === 'latency' ? 'histogram' : metric.kind;
    this.labelNames = ['cache', ...metric.labels];
  }

  async get() {
    const { name, help, type, aggregator } = this;
    const values = Object.entries(this.scrape.stats()).flatMap(([cache, stats]) => this.linesOf(cache, stats));
    return { name, help, type, aggregator, values };
  }

  /** Numbers of caches begin with the caches. */
  reset(): void {}

  private linesOf(cache: string, stats: RegistryStats[string]): Line[] {
    const { metric } = this;
    if (metric.kind !== 'latency') {
      return metric.values(stats).map(({ labels, value }) => ({ labels: { cache, ...labels }, value }));
    }
    const bounds = this.settings.bounds(metric);
    return metric.values(stats).flatMap(({ labels, value: latency }) => {
      const own = { cache, ...labels };
      const counts = latency.countsUpTo(bounds.map((bound) => bound * 1_000));
      return [
        ...bounds.map((le, at) => ({
          metricName: `${this.name}_bucket`,
          labels: { ...own, le },
          value: counts[at] as number,
        })),
        { metricName: `${this.name}_bucket`, labels: { ...own, le: '+Inf' }, value: latency.count },
        { metricName: `${this.name}_sum`, labels: own, value: latency.sum / 1_000 },
        { metricName: `${this.name}_count`, labels: own, value: latency.count },
      ];
    });
  }
}

/** As the specification of OpenTelemetry turns its names and units into those of Prometheus. */
function promName({ name, unit, kind }: Metric, prefix: string): string {
  const units: Readonly<Record<string, string>> = { s: '_seconds', By: '_bytes' };
  return `${prefix}${name.replaceAll('.', '_')}${units[unit] ?? ''}${kind === 'counter' ? '_total' : ''}`;
}

function resolve(options: PrometheusMetricsOptions): Settings {
  const problems = new OptionProblems('exportPrometheusMetrics()');
  problems.requireObject('options', options);
  problems.refuseUnknown(options, ['registry', 'prefix', 'buckets']);
  const { registry = register, prefix = 'strata_', buckets = {} } = options;
  const isRegistry = typeof registry?.registerMetric === 'function' && typeof registry.getSingleMetric === 'function';
  problems.require(isRegistry, 'registry', 'must be a Registry of prom-client', registry);
  problems.require(typeof prefix === 'string' && /^[a-zA-Z_:][\w:]*$/.test(prefix), 'prefix', PREFIX_RULE, prefix);
  problems.requireObject('buckets', buckets);
  problems.refuseUnknown(buckets, ['hit', 'other']);
  for (const [name, bounds] of Object.entries(buckets)) {
    problems.require(bounds === undefined || areBounds(bounds), `buckets.${name}`, BOUNDS_RULE, bounds);
  }
  problems.throwIfAny();
  return {
    registry,
    prefix,
    bounds: (metric) => (metric.name === 'cache.hit.duration' ? buckets.hit : buckets.other) ?? metric.bounds,
  };
}

function areBounds(bounds: unknown): boolean {
  if (!Array.isArray(bounds) || bounds.length === 0) return false;
  return bounds.every((bound, at) => Number.isFinite(bound) && bound > (at === 0 ? 0 : bounds[at - 1]));
}

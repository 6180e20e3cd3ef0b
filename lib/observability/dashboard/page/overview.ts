import type { CacheState } from '../wire.js';
import { cacheTable, connectionRows, connectionTable, tierTable, type CacheRow } from './overview-tables.js';
import type { PageContext, View } from './context.js';
import { empty, h, setText } from './dom.js';
import { bytes, latency, NOTHING, percent, rate, short, span, whole } from './format.js';
import { workTexts } from './health.js';
import { HotKeys } from './hot-keys.js';
import type { Window } from './model.js';
import { Plot, type Line } from './plot.js';
import { Tiles } from './tiles.js';

/** How many caches have a line of their own where all are shown: there are so many colours. */
const MOST_LINES = 5;
/** What "now" is an average of. */
const RECENT_INTERVALS = 3;

/** Round numbers of bytes. */
const POWERS_OF_TWO = Array.from({ length: 46 }, (_, exponent) => 2 ** exponent);

const NOT_TIMED = { title: 'Not measured', text: 'A MemoryCache answers at once.' };

type LatencyKind = 'hit' | 'miss' | 'load';

const LATENCY_KINDS: Readonly<Record<LatencyKind, string>> = { hit: 'Hits', miss: 'Misses', load: 'Loads' };

/** The numbers over time, and what they come to. */
export class Overview implements View {
  readonly element = h('div', { class: 'overview' });
  private readonly tiles = new Tiles([
    'Hit ratio',
    'Lookups',
    'Loads',
    'p99 of loads',
    'Evictions',
    'Entries',
    'Memory',
  ]);
  private readonly ratio = new Plot({
    title: 'Hit ratio',
    format: percent,
    axisFormat: (share) => `${Math.round(share * 100)}%`,
    max: 1,
    emptyText: 'No lookups in this time.',
  });
  private readonly throughput = new Plot({
    title: 'Throughput',
    format: rate,
    emptyText: 'No intervals in this time.',
  });
  private readonly latency = new Plot({
    title: 'Latency',
    format: latency,
    emptyText: 'Nothing was timed in this time.',
  });
  private readonly evictions = new Plot({ title: 'Evictions', format: rate, emptyText: 'No intervals in this time.' });
  private readonly entries = new Plot({ title: 'Entries', format: short, emptyText: 'No intervals in this time.' });
  private readonly memory = new Plot({
    title: 'Memory',
    format: bytes,
    steps: POWERS_OF_TWO,
    emptyTitle: 'Not measured',
    emptyText: 'maxMemory makes a cache weigh what it holds.',
  });
  private readonly latencyNote = h('p');
  private readonly memoryNote = h('p');
  private readonly memoryTitle = h('h2', {}, 'Memory');
  private readonly caches = cacheTable(() => this.page.route.view);
  private readonly tiers = tierTable();
  private readonly connections = connectionTable();
  private readonly hotKeys: HotKeys;
  private readonly connectionsTitle = h('h2');
  private readonly since = h('p');
  private readonly cachesCard: HTMLElement;
  private readonly tiersCard: HTMLElement;
  private readonly connectionsCard: HTMLElement;
  private readonly hotKeysCard: HTMLElement;
  private latencyKind: LatencyKind = 'load';

  constructor(private readonly page: PageContext) {
    this.hotKeys = new HotKeys(page);
    this.hotKeysCard = card(
      'Hot keys',
      this.hotKeys.element,
      h('p', {}, 'estimated; a lookup of a minute ago counts half'),
    );
    this.connectionsCard = h(
      'section',
      { class: 'card' },
      h('div', { class: 'card-head' }, this.connectionsTitle),
      this.connections.element,
    );
    this.cachesCard = card('Caches', this.caches.element);
    this.tiersCard = card('Tiers, since the start', this.tiers.element, this.since);
    this.element.append(
      this.tiles.element,
      h(
        'div',
        { class: 'plots' },
        card('Hit ratio', this.ratio.element),
        card('Throughput', this.throughput.element),
        h('section', { class: 'card' }, this.latencyHead(), this.latency.element),
        card('Evictions and expirations', this.evictions.element),
        card('Entries', this.entries.element),
        h(
          'section',
          { class: 'card' },
          h('div', { class: 'card-head' }, this.memoryTitle, this.memoryNote),
          this.memory.element,
        ),
      ),
      this.tiersCard,
      this.connectionsCard,
      this.hotKeysCard,
      this.cachesCard,
    );
  }

  update(): void {
    const { model, route, rangeMs } = this.page;
    const window = model.window(rangeMs, route.cache);
    this.updateTiles(window);
    this.updatePlots(window);
    this.updateTables(window);
  }

  leave(): void {
    for (const plot of this.plots()) plot.dispose();
    this.hotKeys.leave();
  }

  recolour(): void {
    for (const plot of this.plots()) plot.recolour();
    this.update();
  }

  private plots(): readonly Plot[] {
    return [this.ratio, this.throughput, this.latency, this.evictions, this.entries, this.memory];
  }

  private updateTiles(window: Window): void {
    const { route, rangeMs } = this.page;
    const recent = window.recent(RECENT_INTERVALS);
    const range = `last ${span(rangeMs)}`;
    const slowest = this.slowest(window);
    const states = this.states();
    const size = states.reduce((sum, state) => sum + state.size, 0);
    const weighed = states.filter(({ isWeighedInBytes }) => isWeighedInBytes);
    const used = weighed.reduce((sum, { weight, overheadBytes }) => sum + weight + (overheadBytes ?? 0), 0);
    this.tiles.show([
      [percent(window.hitRatio()), range],
      [rate(recent.perSecond('hits', 'misses')), `${short(window.total('hits', 'misses'))} in ${span(rangeMs)}`],
      [
        rate(recent.perSecond('loads')),
        `${short(window.total('loadErrors'))} failed, ${short(window.total('joins'))} joined`,
      ],
      [latency(slowest?.ms), slowest === undefined ? range : route.cache === undefined ? slowest.cache : range],
      [
        rate(recent.perSecond('evictedBySize', 'evictedByWeight', 'evictedByMemory')),
        `${short(window.total('expirations'))} expired in ${span(rangeMs)}`,
      ],
      [short(size), entriesNote(states)],
      [weighed.length === 0 ? NOTHING : bytes(used), weighed.length === 0 ? 'no maxMemory' : 'overhead included'],
    ]);
  }

  private slowest(window: Window): { readonly cache: string; readonly ms: number } | undefined {
    const names = this.page.route.cache === undefined ? [...this.page.model.caches.keys()] : [this.page.route.cache];
    return names
      .map((cache) => ({ cache, ms: window.of(cache).longest('loadP99') ?? -1 }))
      .filter(({ ms }) => ms >= 0)
      .toSorted((a, b) => b.ms - a.ms)[0];
  }

  private updatePlots(window: Window): void {
    const times = window.times();
    const to = times.at(-1) ?? Date.now() / 1000;
    const place = { times, from: to - this.page.rangeMs / 1000, to };
    const show = (plot: Plot, lines: readonly Line[]): void => plot.show({ ...place, lines });
    show(this.ratio, [{ label: 'Hit ratio', colour: 3, points: window.hitRatios(), isFilled: true }]);
    show(this.throughput, [
      { label: 'Hits', colour: 3, points: window.rates('hits') },
      { label: 'Misses', colour: 2, points: window.rates('misses') },
      { label: 'Loads', colour: 1, points: window.rates('loads') },
      // At nought it would lie on top of the others, in the colour of an alarm.
      ...(window.total('loadErrors') > 0 ? [{ label: 'Failed', colour: 5, points: window.rates('loadErrors') }] : []),
    ]);
    const isMemory = this.page.route.cache !== undefined && this.states()[0]?.kind === 'memory';
    this.latency.show({ ...place, lines: this.latencyLines(window), empty: isMemory ? NOT_TIMED : undefined });
    show(this.evictions, [
      { label: 'For room', colour: 2, points: window.rates('evictedBySize', 'evictedByWeight', 'evictedByMemory') },
      { label: 'Expired', colour: 4, points: window.rates('expirations') },
      { label: 'Invalidated', colour: 1, points: window.rates('invalidations') },
    ]);
    show(this.entries, [{ label: 'Entries', colour: 1, points: window.gauges('size'), isFilled: true }]);
    show(this.memory, this.memoryLines(window));
  }

  /** Of one cache its percentiles; of several the slow end of each, for there is no percentile of percentiles. */
  private latencyLines(window: Window): readonly Line[] {
    const { route } = this.page;
    const kind = this.latencyKind;
    if (route.cache !== undefined) {
      setText(
        this.latencyNote,
        kind === 'hit'
          ? 'one hit in 128 is timed'
          : kind === 'miss'
            ? 'until the caller has its value'
            : 'the loader alone',
      );
      return [
        { label: 'p50', colour: 3, points: window.latencies(`${kind}P50`) },
        { label: 'p90', colour: 1, points: window.latencies(`${kind}P90`) },
        { label: 'p99', colour: 5, points: window.latencies(`${kind}P99`) },
      ];
    }
    setText(this.latencyNote, 'p99 of the busiest caches');
    const timed = window
      .busiest(this.page.model.caches.size)
      .map((label) => ({ label, points: window.of(label).latencies(`${kind}P99`) }))
      .filter(({ points }) => points.some((point) => point !== null));
    return timed.slice(0, MOST_LINES).map((line, at) => ({ ...line, colour: at + 1 }));
  }

  private memoryLines(window: Window): readonly Line[] {
    const states = this.states();
    const weighed = states.filter(({ isWeighedInBytes }) => isWeighedInBytes);
    const [only] = states;
    if (states.length === 1 && only !== undefined && !only.isWeighedInBytes && only.maxWeight !== null) {
      setText(this.memoryTitle, 'Weight');
      setText(this.memoryNote, `bound: ${whole(only.maxWeight)}, in the weigher's unit`);
    } else {
      setText(this.memoryTitle, 'Memory');
      const bound = weighed.reduce((sum, { maxWeight }) => sum + (maxWeight ?? 0), 0);
      setText(this.memoryNote, weighed.length === 0 ? '' : `bound: ${bytes(bound)}`);
      if (weighed.length === 0) return [{ label: 'Used', colour: 4, points: window.times().map(() => null) }];
    }
    const each = (weighed.length === 0 ? states : weighed).map(({ name }) => window.of(name).gauges('weight'));
    const points = window.times().map((_, at) => each.reduce((sum, of) => sum + (of[at] ?? 0), 0));
    return [{ label: 'Used', colour: 4, points, isFilled: true }];
  }

  private updateTables(window: Window): void {
    const { model, route } = this.page;
    const isAll = route.cache === undefined;
    const states = this.states();
    const connections = connectionRows(states);
    this.cachesCard.hidden = !isAll;
    // A MemoryCache has neither.
    this.tiersCard.hidden = isAll || states[0]?.kind === 'memory';
    this.hotKeysCard.hidden = isAll || states[0]?.kind === 'memory';
    this.connectionsCard.hidden = connections.every(({ kind }) => !isAll && kind === 'tier');
    // Of one cache the tiers have a table of their own, with more in it.
    setText(this.connectionsTitle, isAll ? 'Tiers and bus' : 'Bus');
    this.connections.show(connections.filter(({ kind }) => isAll || kind === 'bus'));
    if (isAll) {
      const rows = [...model.caches.values()].map((state): CacheRow => ({ state, window: window.of(state.name) }));
      this.caches.show(rows);
      return;
    }
    if (!this.hotKeysCard.hidden) this.hotKeys.update();
    const [state] = states;
    this.tiers.show(state?.tiers ?? []);
    if (state === undefined) return;
    const { puts, refreshes, staleHits, invalidations, flights } = state;
    const now = workTexts(state).map((text) => `${text}; `);
    setText(
      this.since,
      `${now.join('')}${whole(flights)} loads are running; ${whole(puts)} puts, ${whole(refreshes)} refreshes, ${whole(staleHits)} stale hits, ${whole(invalidations)} invalidated`,
    );
  }

  private states() {
    const { model, route } = this.page;
    return [...model.caches.values()].filter(({ name }) => route.cache === undefined || name === route.cache);
  }

  private latencyHead(): HTMLElement {
    const options = Object.entries(LATENCY_KINDS).map(([kind, label]) => {
      const input = h('input', { type: 'radio', name: 'latency', value: kind, checked: kind === this.latencyKind });
      input.addEventListener('change', () => {
        this.latencyKind = kind as LatencyKind; // a key of the table above
        this.update();
      });
      return h('label', {}, input, h('span', {}, label));
    });
    const choice = h(
      'fieldset',
      { class: 'segmented' },
      h('legend', { class: 'visually-hidden' }, 'Latency of'),
      ...options,
    );
    return h('div', { class: 'card-head' }, h('h2', {}, 'Latency'), this.latencyNote, choice);
  }
}

function entriesNote(states: readonly CacheState[]): string {
  const [only] = states;
  if (states.length !== 1 || only === undefined) return `in ${states.length} caches`;
  if (only.maxSize !== null) return `of ${whole(only.maxSize)}`;
  return only.isWeighedInBytes ? 'bounded by memory' : 'bounded by weight';
}

function card(title: string, content: HTMLElement, note?: HTMLElement): HTMLElement {
  return h('section', { class: 'card' }, h('div', { class: 'card-head' }, h('h2', {}, title), note), content);
}

/** Where no cache is defined at all. */
export function noCaches(): HTMLElement {
  return empty(
    'This app has no caches yet',
    'They appear here as soon as one is defined: by defineCache() in CacheModule, or by @Cacheable on a method.',
  );
}

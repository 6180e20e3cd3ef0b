import type { BusState, CacheState, TierState } from '../wire.js';
import { DataTable } from './data-table.js';
import { h } from './dom.js';
import { bytes, latency, NOTHING, percent, rate, short, whole } from './format.js';
import type { Window } from './model.js';
import { breakerBadge, busBadge, workTexts } from './health.js';
import { hrefOf, type ViewName } from './route.js';

/** A cache, and what it did in the time shown. */
export interface CacheRow {
  readonly state: CacheState;
  readonly window: Window;
}

/** The caches beside each other. */
export function cacheTable(view: () => ViewName): DataTable<CacheRow> {
  const lookups = ({ window }: CacheRow): number => window.perSecond('hits', 'misses') ?? 0;
  const p99 = ({ window }: CacheRow): number => window.longest('loadP99') ?? -1;
  const evictions = ({ window }: CacheRow): number =>
    window.perSecond('evictedBySize', 'evictedByWeight', 'evictedByMemory') ?? 0;
  return new DataTable<CacheRow>(
    'Caches in the time shown',
    [
      {
        title: 'Cache',
        rank: ({ state }) => state.name,
        cell: ({ state }) =>
          h(
            'span',
            {},
            h(
              'a',
              { class: 'cache-name', href: hrefOf({ view: view(), cache: state.name }), 'data-focus': state.name },
              state.name,
            ),
            state.enabled ? '' : ' ',
            state.enabled ? null : h('span', { class: 'badge', 'data-tone': 'warn' }, 'disabled'),
            ...workTexts(state).flatMap((text) => [' ', h('span', { class: 'badge', 'data-tone': 'accent' }, text)]),
          ),
      },
      {
        title: 'Hit ratio',
        isNumber: true,
        rank: ({ window }) => window.hitRatio() ?? -1,
        cell: ({ window }) => ratioBar(window.hitRatio()),
      },
      { title: 'Lookups', isNumber: true, rank: lookups, cell: (row) => rate(lookups(row)) },
      {
        title: 'Loads',
        isNumber: true,
        rank: ({ window }) => window.perSecond('loads') ?? 0,
        cell: ({ window }) => rate(window.perSecond('loads')),
      },
      { title: 'p99 of loads', isNumber: true, rank: p99, cell: (row) => latency(p99(row) < 0 ? null : p99(row)) },
      {
        title: 'Failed',
        isNumber: true,
        rank: ({ window }) => window.total('loadErrors'),
        cell: ({ window }) => errors(window.total('loadErrors')),
      },
      { title: 'Evictions', isNumber: true, rank: evictions, cell: (row) => rate(evictions(row)) },
      {
        title: 'Entries',
        isNumber: true,
        rank: ({ state }) => state.size,
        cell: ({ state }) => `${short(state.size)}${state.maxSize === null ? '' : ` of ${short(state.maxSize)}`}`,
      },
      {
        title: 'Memory',
        isNumber: true,
        rank: ({ state }) => (state.isWeighedInBytes ? state.weight : -1),
        cell: ({ state }) => (state.isWeighedInBytes ? `${bytes(state.weight)} of ${bytes(state.maxWeight)}` : NOTHING),
      },
    ],
    'Lookups',
    ({ state }) => state.name,
  );
}

/** The tiers of one cache, the fastest first. */
export function tierTable(): DataTable<TierState> {
  const ratio = ({ hits, misses }: TierState): number | null => (hits + misses === 0 ? null : hits / (hits + misses));
  return new DataTable<TierState>('Tiers of this cache since its start', [
    { title: 'Tier', cell: ({ name }) => h('b', {}, name) },
    { title: 'Breaker', cell: ({ breaker }) => breakerBadge(breaker) },
    { title: 'Hit ratio', isNumber: true, cell: (tier) => ratioBar(ratio(tier)) },
    { title: 'Hits', isNumber: true, cell: ({ hits }) => whole(hits) },
    { title: 'Misses', isNumber: true, cell: ({ misses }) => whole(misses) },
    { title: 'Errors', isNumber: true, cell: (tier) => (tier.errors === null ? NOTHING : errors(tier.errors)) },
    {
      title: 'Recovery queue',
      isNumber: true,
      cell: ({ recoveryQueue }) => (recoveryQueue === null ? NOTHING : warned(recoveryQueue)),
    },
    { title: 'Read p50 · p99', isNumber: true, cell: ({ read }) => pair(read) },
    { title: 'Write p50 · p99', isNumber: true, cell: ({ write }) => pair(write) },
    { title: 'Entries', isNumber: true, cell: ({ size }) => whole(size) },
  ]);
}

export function ratioBar(share: number | null): Node {
  const fill = h('span');
  fill.style.width = `${(share ?? 0) * 100}%`;
  return h('span', {}, h('span', { class: 'bar', 'aria-hidden': 'true' }, fill), percent(share));
}

function warned(count: number): Node | string {
  return count === 0 ? '0' : h('span', { class: 'badge', 'data-tone': 'warn' }, whole(count));
}

function errors(count: number): Node | string {
  return count === 0 ? '0' : h('span', { class: 'badge', 'data-tone': 'bad' }, whole(count));
}

function pair(of: TierState['read']): string {
  return of === null || of.count === 0 ? NOTHING : `${latency(of.p50)} · ${latency(of.p99)}`;
}

/** What caches share: their tiers below memory and their buses, by name. */
export interface ConnectionRow {
  readonly name: string;
  readonly kind: 'tier' | 'bus';
  readonly state: Node | string;
  readonly caches: number;
  readonly waiting: number;
  readonly note: string;
}

export function connectionRows(states: readonly CacheState[]): ConnectionRow[] {
  const shared = states.flatMap(({ tiers }) => tiers).filter(({ breaker }) => breaker !== null);
  const tiers = [...Map.groupBy(shared, ({ name }) => name)].map(([name, of]): ConnectionRow => {
    const worst =
      of.find(({ breaker }) => breaker === 'open') ?? of.find(({ breaker }) => breaker !== 'closed') ?? of[0];
    const failed = of.reduce((sum, tier) => sum + (tier.errors ?? 0), 0);
    return {
      name,
      kind: 'tier',
      state: breakerBadge(worst?.breaker ?? null),
      caches: of.length,
      waiting: of.reduce((sum, tier) => sum + (tier.recoveryQueue ?? 0), 0),
      note: `${whole(failed)} errors since the start`,
    };
  });
  const heard = states.flatMap(({ bus }) => bus ?? []);
  const buses = [...Map.groupBy(heard, ({ name }) => name)].map(([name, of]): ConnectionRow => {
    const [first] = of;
    const sum = (count: (bus: BusState) => number): number => of.reduce((total, bus) => total + count(bus), 0);
    return {
      name,
      kind: 'bus',
      state: first === undefined ? '' : busBadge(of.find(({ trusted }) => !trusted) ?? first),
      caches: of.length,
      waiting: first?.waiting ?? 0,
      note:
        `${whole(first?.nodes)} other nodes, ${whole(sum(({ sent }) => sent))} sent, ` +
        `${whole(sum(({ received }) => received))} received, distrusted ${whole(sum(({ distrusts }) => distrusts))} times`,
    };
  });
  return [...tiers, ...buses];
}

export function connectionTable(): DataTable<ConnectionRow> {
  return new DataTable<ConnectionRow>('Shared tiers and buses', [
    { title: 'Name', cell: ({ name }) => h('b', {}, name) },
    { title: 'Kind', cell: ({ kind }) => kind },
    { title: 'State', cell: ({ state }) => state },
    { title: 'Caches', isNumber: true, cell: ({ caches }) => whole(caches) },
    { title: 'Waiting', isNumber: true, cell: ({ waiting }) => warned(waiting) },
    { title: 'Since the start', cell: ({ note }) => note },
  ]);
}

import type { BusState, CacheState, TierState, WorkState } from '../wire.js';
import { h } from './dom.js';
import { progressText, whole } from './format.js';

type Connected = Pick<CacheState, 'tiers' | 'bus'>;

/**
 * What a reader should know of at once, of one cache or of all: tiers that are not called, changes that wait for them, buses
 * that cannot be trusted. What many caches have in common is said once, with their number.
 */
export function troublesOf(states: readonly Connected[]): string[] {
  const of = (count: number): string =>
    states.length === 1 ? '' : ` for ${whole(count)} of ${whole(states.length)} caches`;
  const tiers = [
    ...Map.groupBy(
      states.flatMap(({ tiers }) => tiers),
      ({ name }) => name,
    ),
  ];
  const buses = [
    ...Map.groupBy(
      states.flatMap(({ bus }) => (bus === null || bus.trusted ? [] : bus)),
      ({ name }) => name,
    ),
  ];
  return [
    ...tiers.flatMap(([name, shared]) => {
      const broken = shared.flatMap(({ breaker }) => (breaker === null || breaker === 'closed' ? [] : breaker));
      const worst = broken.includes('open') ? 'open' : 'half-open';
      const waiting = shared.reduce((sum, { recoveryQueue }) => sum + (recoveryQueue ?? 0), 0);
      return [
        ...(broken.length === 0 ? [] : [`the breaker of ${name} is ${worst}${of(broken.length)}`]),
        ...(waiting === 0 ? [] : [`${whole(waiting)} changes wait for ${name}`]),
      ];
    }),
    ...buses.map(([name, unheard]) => `the bus ${name} is not heard${of(unheard.length)}`),
  ];
}

export function breakerBadge(breaker: TierState['breaker']): Node | string {
  if (breaker === null) return h('span', { class: 'badge', 'data-tone': 'good' }, 'in process');
  const tone = { closed: 'good', 'half-open': 'warn', open: 'bad' }[breaker];
  return h('span', { class: 'badge', 'data-tone': tone }, breaker === 'closed' ? 'closed, ok' : breaker);
}

export function busBadge({ trusted }: BusState): Node {
  return h('span', { class: 'badge', 'data-tone': trusted ? 'good' : 'bad' }, trusted ? 'trusted' : 'not heard');
}

const WORK: Readonly<Record<WorkState['type'], string>> = {
  snapshot: 'writing a snapshot',
  restore: 'restoring',
  warm: 'warming',
};

/** What a cache does by itself, and how far it has come. */
export function workTexts({ work }: Pick<CacheState, 'work'>): string[] {
  return work.map(({ type, progress }) =>
    progress === null ? WORK[type] : `${WORK[type]}: ${progressText(progress)}`,
  );
}

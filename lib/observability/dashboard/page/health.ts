import type { BusState, CacheState, TierState, WorkState } from '../wire.js';
import { h } from './dom.js';
import { progressText } from './format.js';

/** What a reader should know of at once: a tier that is not called, changes that wait for it, a bus that cannot be trusted. */
export function troublesOf({ tiers, bus }: Pick<CacheState, 'tiers' | 'bus'>): string[] {
  const ofTiers = tiers.flatMap(({ name, breaker, recoveryQueue }) => [
    ...(breaker === null || breaker === 'closed' ? [] : [`the breaker of ${name} is ${breaker}`]),
    ...(recoveryQueue === null || recoveryQueue === 0 ? [] : [`${recoveryQueue} changes wait for ${name}`]),
  ]);
  return bus === null || bus.trusted ? ofTiers : [...ofTiers, `the bus ${bus.name} is not heard`];
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

import type { Progress } from '../wire.js';

/* Numbers as readers like them: three digits, and a unit. */

const WHOLE = new Intl.NumberFormat('en');
const SHORT = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

export const NOTHING = '–';

type Maybe = number | null | undefined;

function isNothing(value: Maybe): value is null | undefined {
  return value === null || value === undefined || Number.isNaN(value);
}

export function whole(value: Maybe): string {
  return isNothing(value) ? NOTHING : WHOLE.format(value);
}

export function short(value: Maybe): string {
  if (isNothing(value)) return NOTHING;
  return value < 10_000 && Number.isInteger(value) ? WHOLE.format(value) : SHORT.format(value);
}

/** A number of something in a second. */
export function rate(value: Maybe): string {
  if (isNothing(value)) return NOTHING;
  if (value === 0) return '0/s';
  return value < 0.1 ? '<0.1/s' : `${value < 10 ? Number(value.toPrecision(2)) : short(Math.round(value))}/s`;
}

export function percent(share: Maybe): string {
  if (isNothing(share)) return NOTHING;
  if (share > 0.999 && share < 1) return '>99.9%';
  return `${(share * 100).toFixed(share === 0 || share === 1 ? 0 : 1)}%`;
}

export function bytes(value: Maybe): string {
  if (isNothing(value)) return NOTHING;
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let [amount, unit] = [value, 0];
  while (amount >= 1024 && unit < units.length - 1) [amount, unit] = [amount / 1024, unit + 1];
  return `${unit === 0 ? amount : Number(amount.toPrecision(3))} ${units[unit]}`;
}

/** A latency. */
export function latency(ms: Maybe): string {
  if (isNothing(ms)) return NOTHING;
  if (ms === 0) return '0';
  if (ms < 0.001) return `${Math.max(1, Math.round(ms * 1e6))} ns`;
  if (ms < 1) return `${Number((ms * 1000).toPrecision(3))} µs`;
  if (ms < 1000) return `${Number(ms.toPrecision(3))} ms`;
  return `${Number((ms / 1000).toPrecision(3))} s`;
}

/** A span of time, by its two largest units. */
export function span(ms: Maybe): string {
  if (isNothing(ms)) return NOTHING;
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = Math.floor(ms / 1000);
  const units: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const first = units.findIndex(([amount]) => amount > 0);
  return units
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(' ');
}

/** How far something has come. */
export function progressText({ done, failed, total, etaMs }: Progress): string {
  const failures = failed === 0 ? '' : `, ${whole(failed)} failed`;
  const rest = etaMs === null || etaMs === 0 ? '' : `, ${span(etaMs)} to go`;
  return `${whole(done)}${total === null ? '' : ` of ${whole(total)}`}${failures}${rest}`;
}

export function clockTime(at: number, withMilliseconds = false): string {
  const time = new Date(at);
  const text = time.toLocaleTimeString('en-GB');
  return withMilliseconds ? `${text}.${String(time.getMilliseconds()).padStart(3, '0')}` : text;
}

const COLLATOR = new Intl.Collator(undefined, { numeric: true });

/** By the alphabet, and numbers in them by what they are worth: `cache-9` before `cache-10`. */
export function comparedTexts(a: string, b: string): number {
  return COLLATOR.compare(a, b);
}

type Unit = 'ms' | 's' | 'm' | 'h' | 'd';

/** A span of time: a number of milliseconds, or a number with its unit: `'250ms'`, `'30s'`, `'5m'`, `'1h'`, `'2d'`. */
export type Duration = number | `${number}${Unit}`;

const MS_PER_UNIT: Record<Unit, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const TEXT_FORM = /^(\d{1,15}(?:\.\d{1,9})?)(ms|s|m|h|d)$/;

/** The rule that {@link toMilliseconds} checks, in the words of an error message. */
export const DURATION_RULE =
  "must be milliseconds (0 or more, Infinity allowed) or text such as '250ms', '30s', '5m', '1h', '2d'";

/** The duration in milliseconds; `undefined` when it is none: negative, NaN, or text of another form. */
export function toMilliseconds(duration: unknown): number | undefined {
  if (typeof duration === 'number') return duration >= 0 ? duration : undefined;
  if (typeof duration !== 'string') return undefined;
  const parts = TEXT_FORM.exec(duration);
  return parts === null ? undefined : Number(parts[1]) * MS_PER_UNIT[parts[2] as Unit];
}

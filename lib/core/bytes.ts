const BYTES_PER_UNIT: Record<string, number> = { b: 1, kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30 };
const TEXT_FORM = /^(\d{1,15}(?:\.\d{1,9})?) ?(b|kb|mb|gb)$/i;

/** The rule that {@link toBytes} checks, in the words of an error message. */
export const BYTES_RULE =
  "must be a number of bytes, 1 or more, or text such as '64kb', '100mb', '1gb' (1kb is 1,024 bytes)";

/** A number of bytes from a number or from text with a unit; `undefined` when it is neither. */
export function toBytes(given: unknown): number | undefined {
  if (typeof given === 'number') return given >= 1 && given < Infinity ? given : undefined;
  if (typeof given !== 'string') return undefined;
  const parts = TEXT_FORM.exec(given);
  const unit = BYTES_PER_UNIT[parts?.[2]?.toLowerCase() ?? ''];
  const bytes = unit === undefined ? 0 : Number(parts?.[1]) * unit;
  return bytes >= 1 ? bytes : undefined;
}

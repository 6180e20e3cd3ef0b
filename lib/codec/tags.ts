/* The form of tagged JSON. What JSON has is itself. What it lacks is an object with one property, whose name begins with
 * `$`: a tag. A user's own object that looks like a tag stands inside the tag `$`, so no value is taken for another.
 *
 *   {"$undefined":true}   {"$hole":true}          of an array
 *   {"$number":"NaN"}     'NaN' | 'Infinity' | '-Infinity' | '-0'
 *   {"$bigint":"-12"}     {"$date":"2026-01-02T03:04:05.678Z"} or null for an invalid one
 *   {"$map":[k, v, k, v]} {"$set":[…]}            in their order
 *   {"$regexp":["a+","gi"]}                       {"$url":"https://…"}
 *   {"$bytes":["Uint16Array","base64"]}           elements little-endian; also Buffer, ArrayBuffer, DataView
 *   {"$error":{"name","message","stack"?,"cause"?,"errors"?,"fields"?}}
 *   {"$class":["name", what its codec stores]}    {"$":{…}} an object taken as it stands
 */
export const TAGS = {
  undefined: '$undefined',
  hole: '$hole',
  number: '$number',
  bigint: '$bigint',
  date: '$date',
  map: '$map',
  set: '$set',
  regexp: '$regexp',
  url: '$url',
  bytes: '$bytes',
  error: '$error',
  class: '$class',
  literal: '$',
} as const;

/** How deep a value may be nested, both ways. */
export const MAX_DEPTH = 256;
/** How many holes an array may have. */
export const MAX_HOLES = 10_000;

/** Beyond this, either way, a bigint is refused: reading and writing decimal digits takes time with their square. */
export const MAX_BIGINT = 2n ** 65_536n;
/** As many digits as {@link MAX_BIGINT} may have, and more. */
export const MAX_BIGINT_DIGITS = 20_000;

export function tag(name: string, contents: unknown): object {
  return { [name]: contents };
}

/** Whether an object with these property names is written like a tag. */
export function isTag(names: readonly string[]): boolean {
  return names.length === 1 && (names[0] as string).charCodeAt(0) === 0x24;
}

/**
 * What primary and workers send one another, beside whatever else an application sends over the same connection. A
 * `member` is one bus of one worker.
 */
export type ClusterWire =
  /** Primary to all workers: it relays from now on; and: it has stopped. */
  | Tagged<'hello'>
  | Tagged<'bye'>
  /** Worker to primary, answered by `joined`: deliver to this member from now on. */
  | Tagged<'join', { readonly channel: string; readonly member: string }>
  | Tagged<'joined', { readonly member: string }>
  | Tagged<'leave', { readonly channel: string; readonly member: string }>
  /** Worker to primary, answered by `published` with its id. */
  | Tagged<'publish', { readonly channel: string; readonly member: string; readonly id: number } & Texts>
  | Tagged<'published', { readonly member: string; readonly id: number }>
  /** Primary to worker. */
  | Tagged<'deliver', { readonly member: string } & Texts>;

interface Texts {
  readonly texts: readonly string[];
}

type Tagged<W extends string, F = object> = { readonly [TAG]: W } & F;

/** The field that tells our messages from others. */
export const TAG = 'nestjs-strata:bus';

/** A message of ours, if it is one. Both ends are of one application, so its fields are what the tag says. */
export function readWire(message: unknown): ClusterWire | undefined {
  if (typeof message !== 'object' || message === null || !Object.hasOwn(message, TAG)) return undefined;
  return message as ClusterWire;
}

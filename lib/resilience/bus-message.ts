/** A change that other nodes have to hear of. Names are of keys, as tiers know them. */
export type Change =
  | { readonly kind: 'put'; readonly names: readonly string[] }
  | { readonly kind: 'keys'; readonly names: readonly string[] }
  | { readonly kind: 'expire'; readonly names: readonly string[] }
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'glob'; readonly glob: string }
  | { readonly kind: 'all' };

/** A change, and the cache that it is of. */
export interface Announcement {
  readonly space: string;
  readonly change: Change;
}

/**
 * What one node tells the others. A message with changes has the number after its predecessor's; one without tells that
 * the node is alive and which number was its last; `leaving` that none will follow.
 */
export interface BusMessage {
  readonly origin: string;
  readonly sequence: number;
  readonly announcements: readonly Announcement[];
  readonly leaving: boolean;
  /** When it was made, by the clock of its node: of no meaning to others. */
  readonly madeAtMs: number;
}

const VERSION = 1;
/** Longer ones are not ours. */
const MAX_LENGTH = 4_000_000;

export function formatMessage({ origin, sequence, announcements, leaving, madeAtMs }: BusMessage): string {
  return JSON.stringify({
    v: VERSION,
    o: origin,
    s: sequence,
    t: Math.floor(madeAtMs),
    ...(announcements.length > 0 && { c: announcements.map(({ space, change }) => [space, ...argumentsOf(change)]) }),
    ...(leaving && { l: true }),
  });
}

/** `undefined` for what no node of this version wrote. */
export function parseMessage(text: string): BusMessage | undefined {
  if (typeof text !== 'string' || text.length > MAX_LENGTH) return undefined;
  try {
    const { v, o, s, c = [], l = false, t } = Object(JSON.parse(text)) as Record<string, unknown>;
    const isHead = v === VERSION && isText(o) && o !== '' && Number.isSafeInteger(s) && (s as number) >= 0;
    if (!isHead || !Array.isArray(c)) return undefined;
    const announcements = c.map(announcementOf);
    return {
      origin: o as string,
      sequence: s as number,
      announcements,
      leaving: l === true,
      madeAtMs: typeof t === 'number' ? t : -Infinity,
    };
  } catch {
    return undefined;
  }
}

function argumentsOf(change: Change): unknown[] {
  switch (change.kind) {
    case 'put':
    case 'keys':
    case 'expire':
      return [change.kind, change.names];
    case 'group':
      return [change.kind, change.group];
    case 'glob':
      return [change.kind, change.glob];
    case 'all':
      return [change.kind];
  }
}

/** Throws for what is none. */
function announcementOf(parts: unknown): Announcement {
  const [space, kind, argument] = parts as unknown[];
  if (!isText(space)) throw new TypeError('no space');
  return { space, change: changeOf(kind, argument) };
}

function changeOf(kind: unknown, argument: unknown): Change {
  switch (kind) {
    case 'put':
    case 'keys':
    case 'expire':
      if (Array.isArray(argument) && argument.every(isText)) return { kind, names: argument };
      break;
    case 'group':
      if (isText(argument)) return { kind, group: argument };
      break;
    case 'glob':
      if (isText(argument)) return { kind, glob: argument };
      break;
    case 'all':
      return { kind };
  }
  throw new TypeError('no change');
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

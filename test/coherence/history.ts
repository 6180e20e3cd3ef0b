/** A value in the source of truth, as a reader got it. */
export interface Seen {
  readonly version: number;
  /** What brought it into the cache: the id of a put, or of a load. */
  readonly by: string;
}

interface Operation {
  /** One life of one process: a node that was killed and started again is another. */
  readonly node: string;
  readonly cache: string;
  /** By the monotonic clock of the host, in milliseconds; so are all times here. */
  readonly startedAt: number;
  readonly endedAt: number;
}

/** A caller asked for a key and got a value, or nothing. */
export interface Read extends Operation {
  readonly kind: 'read';
  readonly key: string;
  readonly seen: Seen | undefined;
}

/** A caller made older versions unusable. */
export interface Change extends Operation {
  readonly kind: 'put' | 'invalidate' | 'group' | 'clear';
  readonly id: string;
  /** What it concerns: the version of each key that was current when it started, having been raised just before. */
  readonly floors: readonly (readonly [key: string, version: number])[];
  /** Infinity when nobody was told that it is done: then it may take effect whenever, or never. */
  readonly endedAt: number;
  /** Whether its end means that the shared tier has it; else it may have been kept for later. */
  readonly isInTier: boolean;
}

/**
 * From `from` to `to` a node could not hear, be heard or run as usual; without a node, none could. The last such time of
 * a node that was killed ends with Infinity.
 */
export interface Impairment {
  readonly node: string | undefined;
  readonly from: number;
  readonly to: number;
}

/** What happened in one run. */
export interface History {
  readonly reads: readonly Read[];
  readonly changes: readonly Change[];
  readonly impairments: readonly Impairment[];
}

/** A line of a node's log. A change has two, so that one which never ended is known too. */
export type Line =
  | {
      readonly line: 'read';
      readonly cache: string;
      readonly key: string;
      readonly at: readonly [number, number];
      readonly seen?: Seen;
    }
  | { readonly line: 'begin'; readonly change: Omit<Change, 'endedAt' | 'node'> }
  | { readonly line: 'end'; readonly id: string; readonly endedAt: number }
  | { readonly line: 'stall'; readonly from: number; readonly to: number };

/** The log of one life of one node. A last line that was cut off is left out. */
export function parseLog(node: string, text: string): History {
  const reads: Read[] = [];
  const begun = new Map<string, Change>();
  const impairments: Impairment[] = [];
  for (const written of text.split('\n').slice(0, -1)) {
    const line = JSON.parse(written) as Line; // both ends are ours
    switch (line.line) {
      case 'read': {
        const [startedAt, endedAt] = line.at;
        reads.push({ kind: 'read', node, cache: line.cache, key: line.key, startedAt, endedAt, seen: line.seen });
        break;
      }
      case 'begin':
        begun.set(line.change.id, { ...line.change, node, endedAt: Infinity });
        break;
      case 'end': {
        const change = begun.get(line.id);
        if (change !== undefined) begun.set(line.id, { ...change, endedAt: line.endedAt });
        break;
      }
      case 'stall':
        impairments.push({ node, from: line.from, to: line.to });
    }
  }
  return { reads, changes: [...begun.values()], impairments };
}

/** Several logs as one history. */
export function merged(parts: readonly History[]): History {
  return {
    reads: parts.flatMap(({ reads }) => reads),
    changes: parts.flatMap(({ changes }) => changes),
    impairments: parts.flatMap(({ impairments }) => impairments),
  };
}

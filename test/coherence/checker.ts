import type { Change, History, Impairment, Read } from './history.js';

/** How old a value may be that a node serves: how long before the read the change that outdated it had been acknowledged. */
export interface Bounds {
  /** Where neither the node that reads nor the one that changed was impaired: the delay of the bus. */
  readonly connectedMs: number;
  /** Else: until the loss of a connection, or of a node, is noticed, and memory is dropped. */
  readonly cutOffMs: number;
  /** For so long after its end an impairment still shows: connections are opened again, what was missed is read. */
  readonly settlingMs: number;
  /** Until what a tier could not take is done, from when it can be reached again. */
  readonly recoveryMs: number;
}

/** A reader got what it should not have. */
export interface Violation {
  readonly kind: 'outdated in its own node' | 'outdated while connected' | 'outdated while cut off' | 'disagreement';
  readonly read: Read;
  /** What outdated the value, or put another one last. */
  readonly change: Change;
  /** How long before the read that had been acknowledged. */
  readonly stalenessMs: number;
  /** Everything that happened to the key about that time, one line each. */
  readonly slice: readonly string[];
}

/** What a check found. */
export interface Findings {
  readonly violations: readonly Violation[];
  /** Reads that were held against a change of another node, by the bound that held. */
  readonly checkedConnected: number;
  readonly checkedCutOff: number;
  /** The oldest values that were served, within the bounds or not. */
  readonly worstConnectedMs: number;
  readonly worstCutOffMs: number;
}

type Situation = 'own' | 'connected' | 'cut off';

/**
 * Checks that no node served a value that had been outdated for longer than its bound.
 *
 * A change of a key, a group or everything names, for each key, the version that was current at its start. Once it is
 * acknowledged, a read that starts later than the bound may not return an older version. Within the node that changed
 * the bound is zero. A change that a node acknowledged without the tier, because that could not be reached, is owed from
 * the time it can be reached again; and lost with a node that dies before.
 *
 * An older value is in order where a put brought it that had not ended when the change started: whichever of two
 * concurrent changes the tier took last has won. But then it has won for all: when the last of several concurrent puts
 * has ended and nothing else happens to the key, all nodes return the same one ("disagreement").
 */
export function check(history: History, bounds: Bounds): Findings {
  return new Checker(history, bounds).run();
}

class Checker {
  private readonly violations: Violation[] = [];
  private readonly impairments = new Map<string, readonly Impairment[]>();
  private readonly puts = new Map<string, Change>();
  private readonly counts = { connected: 0, 'cut off': 0, own: 0 };
  private readonly worst = { connected: 0, 'cut off': 0, own: 0 };

  constructor(
    private readonly history: History,
    private readonly bounds: Bounds,
  ) {
    for (const change of history.changes) if (change.kind === 'put') this.puts.set(change.id, change);
  }

  run(): Findings {
    const changes = grouped(
      this.history.changes.flatMap((change) => change.floors.map(([key, version]) => ({ change, key, version }))),
      ({ change, key }) => placeOf(change.cache, key),
    );
    for (const [place, reads] of grouped(this.history.reads, ({ cache, key }) => placeOf(cache, key))) {
      const course = new Course(changes.get(place) ?? [], reads);
      this.count(course);
      for (const read of course.reads) this.checkAge(read, course);
      this.checkAgreement(course);
    }
    return {
      violations: this.violations.sort((a, b) => a.read.startedAt - b.read.startedAt),
      checkedConnected: this.counts.connected,
      checkedCutOff: this.counts['cut off'],
      worstConnectedMs: this.worst.connected,
      worstCutOffMs: this.worst['cut off'],
    };
  }

  private checkAge(read: Read, course: Course): void {
    const { seen } = read;
    if (seen === undefined) return;
    const put = this.puts.get(seen.by);
    for (const { change } of course.above(seen.version)) {
      const isConcurrent = put !== undefined && put.endedAt >= change.startedAt;
      if (change.endedAt >= read.startedAt || isConcurrent) continue;
      const situation = this.situation(change, read);
      const countsFrom = this.countsFrom(change, situation);
      const stalenessMs = read.startedAt - countsFrom;
      if (stalenessMs > this.worst[situation]) this.worst[situation] = stalenessMs;
      if (stalenessMs <= this.bound(situation)) continue;
      const kind = situation === 'own' ? 'outdated in its own node' : (`outdated while ${situation}` as const);
      this.violations.push({ kind, read, change, stalenessMs, slice: course.slice(change, read) });
      return;
    }
  }

  /** In each time in which nothing changes after several concurrent puts, all nodes see the same of them. */
  private checkAgreement(course: Course): void {
    for (const { changes, until } of course.epochs()) {
      const puts = new Set(changes.flatMap((change) => (change.kind === 'put' ? [change.id] : [])));
      if (puts.size < 2) continue;
      const last = changes.reduce((one, other) => (other.endedAt > one.endedAt ? other : one));
      let first: Read | undefined;
      for (const read of course.reads) {
        if (
          read.seen === undefined ||
          read.startedAt <= last.endedAt ||
          read.endedAt >= until ||
          !puts.has(read.seen.by)
        )
          continue;
        const isDue = changes.every((change) => {
          const situation = this.situation(change, read);
          const from = Math.max(last.endedAt, this.countsFrom(change, situation));
          return read.startedAt - from > Math.max(this.bound(situation), this.bounds.connectedMs);
        });
        if (!isDue) continue;
        first ??= read;
        if (read.seen.by === first.seen?.by) continue;
        const stalenessMs = read.startedAt - last.endedAt;
        this.violations.push({
          kind: 'disagreement',
          read,
          change: last,
          stalenessMs,
          slice: course.slice(last, read),
        });
        break;
      }
    }
  }

  private bound(situation: Situation): number {
    if (situation === 'own') return 0;
    return situation === 'connected' ? this.bounds.connectedMs : this.bounds.cutOffMs;
  }

  /** From when on a change is owed to others: its end, or when the tier can have been told of it, if that is later. */
  private countsFrom(change: Change, situation: Situation): number {
    if (situation !== 'cut off' || change.isInTier) return change.endedAt;
    let at = change.endedAt;
    let isImpaired = false;
    // Times of which the next begins before what the last one left undone is done are one.
    for (const { from, to } of this.impairmentsOf(change.node)) {
      const isTogether = from <= (isImpaired ? at : change.endedAt);
      if (!isTogether || to + this.bounds.settlingMs < change.startedAt) continue;
      isImpaired = true;
      at = Math.max(at, to + this.bounds.recoveryMs);
    }
    return at;
  }

  private situation(change: Change, read: Read): Situation {
    if (change.node === read.node) return 'own';
    const wasImpaired = [change.node, read.node].some((node) =>
      this.impairmentsOf(node).some(
        ({ from, to }) => from <= read.startedAt && to + this.bounds.settlingMs >= change.startedAt,
      ),
    );
    return wasImpaired ? 'cut off' : 'connected';
  }

  private impairmentsOf(node: string): readonly Impairment[] {
    let impairments = this.impairments.get(node);
    if (impairments === undefined) {
      impairments = this.history.impairments
        .filter((impairment) => impairment.node === undefined || impairment.node === node)
        .sort((a, b) => a.from - b.from);
      this.impairments.set(node, impairments);
    }
    return impairments;
  }

  /** Each read with the last change that it may not be older than. */
  private count({ reads, byEnd }: Course): void {
    let next = 0;
    for (const read of reads) {
      while (next < byEnd.length && (byEnd[next] as Change).endedAt < read.startedAt) next++;
      if (read.seen === undefined) continue;
      for (let at = next - 1; at >= Math.max(0, next - MOST_LOOKED_AT); at--) {
        const change = byEnd[at] as Change;
        const situation = this.situation(change, read);
        if (read.startedAt - this.countsFrom(change, situation) <= this.bound(situation)) continue;
        this.counts[situation]++;
        break;
      }
    }
  }
}

interface Floor {
  readonly change: Change;
  readonly version: number;
}

/** Everything that happened to one key. */
class Course {
  readonly reads: readonly Read[];
  readonly byEnd: readonly Change[];
  private readonly byVersion: readonly Floor[];

  constructor(floors: readonly Floor[], reads: readonly Read[]) {
    this.reads = reads.toSorted((a, b) => a.startedAt - b.startedAt);
    this.byVersion = floors.toSorted((a, b) => a.version - b.version);
    this.byEnd = floors.map(({ change }) => change).sort((a, b) => a.endedAt - b.endedAt);
  }

  /** The changes that outdate a version. */
  *above(version: number): Iterable<Floor> {
    let from = 0;
    for (let to = this.byVersion.length; from < to;) {
      const middle = (from + to) >>> 1;
      if ((this.byVersion[middle] as Floor).version > version) to = middle;
      else from = middle + 1;
    }
    for (; from < this.byVersion.length; from++) yield this.byVersion[from] as Floor;
  }

  /** Changes that ran at the same time, with the start of the next. */
  *epochs(): Iterable<{ readonly changes: readonly Change[]; readonly until: number }> {
    const byStart = this.byEnd.toSorted((a, b) => a.startedAt - b.startedAt);
    let changes: Change[] = [];
    let endedAt = -Infinity;
    for (const change of byStart) {
      if (change.startedAt > endedAt && changes.length > 0) {
        yield { changes, until: change.startedAt };
        changes = [];
      }
      changes.push(change);
      endedAt = Math.max(endedAt, change.endedAt);
    }
    if (changes.length > 0 && endedAt < Infinity) yield { changes, until: Infinity };
  }

  /** What happened from a little before a change until a read, one line each; the middle of a long story is left out. */
  slice(change: Change, read: Read): readonly string[] {
    const from = change.startedAt - SLICE_BEFORE_MS;
    const near = [...this.reads, ...this.byEnd]
      .filter(({ startedAt, endedAt }) => endedAt >= from && startedAt <= read.endedAt)
      .sort((a, b) => a.startedAt - b.startedAt);
    const lines = near.map((one) => describe(one, change.startedAt, one === change || one === read));
    return lines.length <= SLICE_LINES
      ? lines
      : [
          ...lines.slice(0, SLICE_LINES / 2),
          `… ${lines.length - SLICE_LINES} more …`,
          ...lines.slice(-SLICE_LINES / 2),
        ];
  }
}

/** How many changes of a key are asked whether a read is held against them, to count it. */
const MOST_LOOKED_AT = 200;
const SLICE_BEFORE_MS = 200;
const SLICE_LINES = 40;

function describe(operation: Read | Change, zero: number, isMarked: boolean): string {
  const { node, kind, startedAt, endedAt } = operation;
  const what =
    operation.kind === 'read'
      ? `→ ${operation.seen === undefined ? 'nothing' : `${operation.seen.version} by ${operation.seen.by}`}`
      : `${operation.id} ≥ ${operation.floors.map(([key, version]) => `${key}:${version}`).join(' ')}${operation.isInTier ? '' : ' (may be kept for later)'}`;
  return `${isMarked ? '»' : ' '} ${(startedAt - zero).toFixed(1)} … ${(endedAt - zero).toFixed(1)} ms  ${node}  ${kind} ${what}`;
}

function placeOf(cache: string, key: string): string {
  return JSON.stringify([cache, key]);
}

function grouped<T>(all: readonly T[], placeOf: (one: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const place = placeOf(one);
    const group = groups.get(place);
    if (group === undefined) groups.set(place, [one]);
    else group.push(one);
  }
  return groups;
}

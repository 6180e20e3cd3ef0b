import type { Fence } from '../../resilience/index.js';

/** What a caller does to one key itself, where it has to go to the tiers. */
export interface OwnWrite<K> {
  readonly index: unknown;
  readonly key: K;
  readonly kind: 'put' | 'touch' | 'putIfAbsent';
  /** Of a put: taken when it was called, which may be long before it begins. */
  readonly fence?: Fence;
  /** Set when another node is heard to have put the same key meanwhile: only a tier that both write to knows which came last. */
  isContested?: boolean;
  /** Does it; whether the key has an entry in memory then. Ends its turn, once, before that settles. */
  run(turn: Turn): Promise<boolean>;
}

/** The time of one write: what waits behind it begins when it ends. */
export interface Turn {
  end(): void;
}

/** A write that does not end its turn by itself. */
export class SimpleOwnWrite<K> implements OwnWrite<K> {
  constructor(
    readonly kind: 'touch' | 'putIfAbsent',
    readonly index: unknown,
    readonly key: K,
    private readonly work: () => Promise<boolean>,
  ) {}

  async run(turn: Turn): Promise<boolean> {
    try {
      return await this.work();
    } finally {
      turn.end();
    }
  }
}

class Waiting<K> {
  /** What each caller gets whose write this one answers for. */
  readonly answer: Promise<boolean>;
  begin!: (answer: Promise<boolean>) => void;

  constructor(public write: OwnWrite<K>) {
    // Set before the constructor returns: an executor runs at once.
    this.answer = new Promise((resolve) => (this.begin = resolve));
  }
}

/** Of a write that has not returned from its first step yet. */
const NOT_YET = Promise.resolve(false);
const NONE: readonly never[] = [];

/* A class: see docs/decisions/0030. */
class Lane<K> implements Turn {
  readonly index: unknown;
  readonly key: K;
  /** Absent when it has ended, and nothing came behind it. */
  running: OwnWrite<K> | undefined;
  answer = NOT_YET;
  private waiting: Waiting<K>[] | undefined = undefined;

  constructor(
    private readonly lanes: Map<unknown, Lane<K>>,
    first: OwnWrite<K>,
  ) {
    this.index = first.index;
    this.key = first.key;
    this.running = first;
  }

  /** The first, in a lane of its own. */
  begin(first: OwnWrite<K>): Promise<boolean> {
    const answer = first.run(this);
    // It may have ended already, and the next one begun.
    if (this.running === first) this.answer = answer;
    return answer;
  }

  end(): void {
    const next = this.waiting?.shift();
    if (next === undefined) {
      this.lanes.delete(this.index);
      // A map that was rehashed meanwhile leaves its old table to the garbage collector, with all lanes of that moment, and
      // each such table leads to the next: the first that is among the old objects would keep all later values alive.
      this.running = undefined;
      this.answer = NOT_YET;
      return;
    }
    this.running = next.write;
    this.answer = next.answer;
    next.begin(next.write.run(this));
  }

  /** Those that wait, in their order. */
  get queue(): readonly Waiting<K>[] {
    return this.waiting ?? NONE;
  }

  push(waiting: Waiting<K>): void {
    (this.waiting ??= []).push(waiting);
  }

  pop(): Waiting<K> | undefined {
    return this.waiting?.pop();
  }
}

/**
 * Lets the callers' own writes of a key go to the tiers one after another: two on their way at once could reach two tiers,
 * or one that keeps no order of calls, in different orders.
 *
 * Only the newest of those that wait begins, and answers for those that it replaces. So however fast they come, each is
 * answered when two have ended, and nobody's value is put off for ever.
 */
export class OwnWrites<K> {
  private readonly lanes = new Map<unknown, Lane<K>>();

  /** Begins the write at once, or when those before it have ended. */
  take(write: OwnWrite<K>): Promise<boolean> {
    const taken = this.lanes.get(write.index);
    if (taken !== undefined) return wait(taken, write);
    const lane = new Lane(this.lanes, write);
    this.lanes.set(write.index, lane);
    return lane.begin(write);
  }

  /** When the last of those that were asked for will have ended; `undefined` where none was. */
  last(index: unknown): Promise<boolean> | undefined {
    const lane = this.lanes.get(index);
    return lane?.queue.at(-1)?.answer ?? lane?.answer;
  }

  /** The fences of the puts of this key that wait: what ends before they begin does not outdate them. */
  waitingFences(index: unknown): readonly Fence[] {
    const queue = this.lanes.get(index)?.queue ?? NONE;
    return queue.length === 0 ? NONE : queue.flatMap(({ write }) => write.fence ?? []);
  }

  /** Another node has put this key. Returns the fences of the puts that this does not outdate: all of them. */
  contest(index: unknown): readonly Fence[] {
    const running = this.lanes.get(index)?.running;
    if (running === undefined) return [];
    running.isContested = true;
    return [...(running.fence === undefined ? [] : [running.fence]), ...this.waitingFences(index)];
  }

  /** The keys that are being written. */
  [Symbol.iterator](): Iterator<{ readonly index: unknown; readonly key: K }> {
    return this.lanes.values();
  }
}

function wait<K>(lane: Lane<K>, write: OwnWrite<K>): Promise<boolean> {
  const { kind } = write;
  // A touch of what a put replaces is done when the put is.
  const touch = kind === 'put' && lane.queue.at(-1)?.write.kind === 'touch' ? lane.pop() : undefined;
  let last = lane.queue.at(-1);
  if (last !== undefined && last.write.kind === kind) last.write = write;
  else lane.push((last = new Waiting(write)));
  touch?.begin(last.answer);
  return last.answer;
}

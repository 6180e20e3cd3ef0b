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
}

/** Does it; whether the key has an entry in memory then. */
type Run = () => Promise<boolean>;

class Waiting<K> {
  /** What each caller gets whose write this one answers for. */
  readonly answer: Promise<boolean>;
  begin!: (answer: Promise<boolean>) => void;

  constructor(
    public write: OwnWrite<K>,
    public run: Run,
  ) {
    // Set before the constructor returns: an executor runs at once.
    this.answer = new Promise((resolve) => (this.begin = resolve));
  }
}

/** Of a write that has not returned from its first step yet. */
const NOT_YET = Promise.resolve(false);
const NONE: readonly never[] = [];

/* A class: see docs/decisions/0030. */
class Lane<K> {
  readonly index: unknown;
  readonly key: K;
  answer = NOT_YET;
  private waiting: Waiting<K>[] | undefined = undefined;

  constructor(public running: OwnWrite<K>) {
    this.index = running.index;
    this.key = running.key;
  }

  /** Those that wait, in their order. */
  get queue(): readonly Waiting<K>[] {
    return this.waiting ?? NONE;
  }

  push(waiting: Waiting<K>): void {
    (this.waiting ??= []).push(waiting);
  }

  shift(): Waiting<K> | undefined {
    return this.waiting?.shift();
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
  take(write: OwnWrite<K>, run: Run): Promise<boolean> {
    const taken = this.lanes.get(write.index);
    if (taken !== undefined) return wait(taken, write, run);
    const lane = new Lane(write);
    this.lanes.set(write.index, lane);
    return (lane.answer = this.play(lane, run));
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

  private async play(lane: Lane<K>, run: Run): Promise<boolean> {
    try {
      return await run();
    } finally {
      const next = lane.shift();
      if (next === undefined) this.lanes.delete(lane.index);
      else {
        lane.running = next.write;
        lane.answer = next.answer;
        next.begin(this.play(lane, next.run));
      }
    }
  }
}

function wait<K>(lane: Lane<K>, write: OwnWrite<K>, run: Run): Promise<boolean> {
  const { kind } = write;
  // A touch of what a put replaces is done when the put is.
  const touch = kind === 'put' && lane.queue.at(-1)?.write.kind === 'touch' ? lane.pop() : undefined;
  let last = lane.queue.at(-1);
  if (last !== undefined && last.write.kind === kind) Object.assign(last, { write, run });
  else lane.push((last = new Waiting(write, run)));
  touch?.begin(last.answer);
  return last.answer;
}

import process from 'node:process';
import type { Flight } from '../../resilience/index.js';
import type { BulkLoads } from './bulk-loads.js';
import { loadKind, type CallSettings } from '../settings/call-settings.js';
import type { LoadCause, LoadRuns } from './load-runs.js';

interface Waiting<K, V> {
  readonly flight: Flight<K, V>;
  readonly call: CallSettings;
  readonly cause: LoadCause;
}

/**
 * Collects the single loads of one tick and hands them to the bulk loader together. Loads of different settings or
 * causes go apart, since what their loader says holds for a whole run.
 *
 * Their flights are open from the start: whoever asks for the same key joins, and a change before the run begins outdates
 * them as one during it does.
 */
export class Batches<K, V> {
  private waiting: Waiting<K, V>[] = [];

  constructor(
    private readonly runs: LoadRuns<K, V>,
    private readonly bulkLoads: BulkLoads<K, V>,
    private readonly maxSize: number,
  ) {}

  add(flight: Flight<K, V>, call: CallSettings, cause: LoadCause): void {
    this.waiting.push({ flight, call, cause });
    // After the promise callbacks of this tick, so that a caller behind an await comes along too.
    if (this.waiting.length === 1) void Promise.resolve().then(() => process.nextTick(() => this.flush()));
  }

  private flush(): void {
    const waiting = this.waiting;
    this.waiting = [];
    const runs: Waiting<K, V>[][] = [];
    /** The last run of each kind. */
    const filling = new Map<string, Waiting<K, V>[]>();
    const kindOf = rememberedKinds();
    for (const one of waiting) {
      if (one.call.abortWhenAbandoned && one.flight.isDeserted) {
        this.runs.drop(one.flight);
        continue;
      }
      const kind = `${one.cause} ${kindOf(one.call)}`;
      const run = filling.get(kind);
      if (run !== undefined && run.length < this.maxSize) {
        run.push(one);
        continue;
      }
      const next = [one];
      filling.set(kind, next);
      runs.push(next);
    }
    for (const run of runs) {
      const [first] = run;
      if (first !== undefined)
        this.bulkLoads.run(
          run.map(({ flight }) => flight),
          undefined,
          first.call,
          first.cause,
        );
    }
  }
}

/** Calls without options of their own share the cache's settings object: its kind is found once. */
function rememberedKinds(): (call: CallSettings) => string {
  const kinds = new Map<CallSettings, string>();
  return (call) => {
    let kind = kinds.get(call);
    if (kind === undefined) kinds.set(call, (kind = loadKind(call)));
    return kind;
  };
}

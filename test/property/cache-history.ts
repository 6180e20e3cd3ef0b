import { expect } from '@jest/globals';
import fc from 'fast-check';
import {
  createCache,
  defineCache,
  type Cache,
  type CacheOptions,
  type ClosableCache,
  type LoadContext,
} from '../../lib/cache/index.js';
import { isCacheError } from '../../lib/core/index.js';
import { FakeClock } from '../../lib/testing/index.js';

/*
 * A source of truth whose values carry a version, and a cache before it. A change raises the version and then makes the
 * older one unusable in one of the ways that a cache offers. A history is one random program of reads, changes, ends of
 * loads and steps of the clock, and a sequential specification watches it:
 *
 *   - whoever asks after a change returned never sees a version from before it, whatever is being loaded meanwhile;
 *   - a value is served as fresh only within its ttl, and as stale only within its limit, both from when it was stored;
 *   - at most one load per key runs that is neither outdated by a change nor given up;
 *   - every caller gets an answer, and when all is over no timer, flight or remembered change is left.
 */

const KEYS = ['a', 'b', 'c'] as const;
type Key = (typeof KEYS)[number];
const GROUP_OF: Record<Key, string> = { a: 'vowel', b: 'consonant', c: 'consonant' };
const TTL_MS = 2_000;
const HOLD_MS = 3_000;

interface Way {
  readonly concerns: (key: Key) => readonly Key[];
  readonly change: (cache: Cache<string, number>, key: Key, value: number) => Promise<unknown>;
}

const itself = (key: Key): readonly Key[] => [key];

const WAYS: Readonly<Record<string, Way>> = {
  invalidate: { concerns: itself, change: (cache, key) => cache.invalidate(key) },
  put: { concerns: itself, change: (cache, key, value) => cache.put(key, value, { groups: [GROUP_OF[key]] }) },
  group: {
    concerns: (key) => KEYS.filter((other) => GROUP_OF[other] === GROUP_OF[key]),
    change: (cache, key) => cache.invalidateGroup(GROUP_OF[key]),
  },
  glob: { concerns: itself, change: (cache, key) => cache.invalidateMatching(`${key}*`) },
  predicate: { concerns: itself, change: (cache, key) => cache.invalidateMatching((other) => other === key) },
  clear: { concerns: () => KEYS, change: (cache) => cache.clear() },
};

const key = fc.constantFrom(...KEYS);

/** One step of a program. */
export const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constantFrom('read', 'readAll', 'refresh', 'peek', 'peekAll', 'putIfAbsent', 'expire', 'touch'),
      key,
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('change'), key, way: fc.constantFrom(...Object.keys(WAYS)) }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constantFrom('settle', 'fail'), pick: fc.nat(50) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('advance'), ms: fc.constantFrom(1, 500, 1_000, 5_000) }) },
);
export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Everything that may change when a value is served, loaded or given up. */
export const historyOptions: fc.Arbitrary<CacheOptions<string, number>> = fc.record(
  {
    staleWhileRevalidate: fc.constantFrom(500, 5_000),
    staleIfError: fc.constantFrom(500, 5_000),
    staleBackoff: fc.constantFrom(0, 1_000),
    refreshAhead: fc.constantFrom(0.5, { beta: 1 }),
    loadTimeout: fc.record({
      soft: fc.constantFrom(100, 400),
      hard: fc.constantFrom(500, 2_000),
      hold: fc.constant(HOLD_MS),
    }),
    negativeTtl: fc.constant(1_000),
    errorTtl: fc.constantFrom(100, 1_000),
    batch: fc.constantFrom(true, { maxSize: 2 }),
    maxSize: fc.constantFrom(1, 2),
  },
  { requiredKeys: [] },
);

interface Pending {
  resolve(): void;
  reject(): void;
}

/** A load that runs, as the specification sees it. */
interface Active {
  readonly key: Key;
  readonly changesBefore: number;
  readonly startedMs: number;
}

/** What a value was when it came into being; the cache holds its number. */
interface Made {
  readonly version: number;
  /** Or when the source answered with it, where it was not stored. */
  storedAtMs: number;
  /** When its lifetime began again. */
  readonly touchedAtMs: number[];
}

/** One program against one cache: plays it, and checks what every reader got. */
export class History {
  checked = 0;
  private readonly made: Made[] = [];
  private readonly versions: Record<Key, number> = { a: 1, b: 1, c: 1 };
  /** The oldest version that a new reader may see. */
  private readonly floors: Record<Key, number> = { a: 1, b: 1, c: 1 };
  private readonly changes: Record<Key, number> = { a: 0, b: 0, c: 0 };
  private readonly clock = new FakeClock();
  private readonly pending: Pending[] = [];
  private readonly readers: Promise<void>[] = [];
  /** Each touch took effect at once; which value it was about is known a little later. */
  private readonly touches: Promise<void>[] = [];
  private readonly active = new Set<Active>();
  private readonly cache: ClosableCache<string, number>;
  private readonly longestMs: number;
  private violation: Error | undefined;

  constructor(private readonly given: CacheOptions<string, number>) {
    this.longestMs = TTL_MS + Math.max(Number(given.staleWhileRevalidate ?? 0), Number(given.staleIfError ?? 0));
    this.cache = createCache(
      defineCache<string, number>('versions', {
        ttl: TTL_MS,
        loadTimeout: { hold: HOLD_MS },
        loader: (asked, load) => this.load([asked as Key], load).then((values) => values.get(asked) as number),
        bulkLoader: (asked, load) => this.load(asked as Key[], load),
        ...given,
      }),
      { clock: this.clock },
    );
    this.cache.events$.subscribe(({ type, value }) => {
      if (type === 'put' && value !== undefined) (this.made[value] as Made).storedAtMs = this.clock.now();
    });
  }

  play(one: Step): void {
    switch (one.type) {
      case 'read':
        this.expectFrom(one.key, this.longestMs, this.cache.getOrLoad(one.key));
        break;
      case 'refresh':
        this.expectFrom(one.key, this.longestMs, this.cache.refresh(one.key));
        break;
      case 'peek':
        this.expectFrom(one.key, TTL_MS, this.cache.get(one.key));
        break;
      case 'peekAll': {
        const all = this.cache.getAll(KEYS);
        for (const each of KEYS)
          this.expectFrom(
            each,
            TTL_MS,
            all.then((values) => values.get(each)),
          );
        break;
      }
      case 'putIfAbsent': {
        const own = this.make(this.versions[one.key]);
        this.expectFrom(one.key, TTL_MS, this.cache.putIfAbsent(one.key, own, { groups: [GROUP_OF[one.key]] }));
        // Where it stored, whatever was being loaded is outdated, by a value of the same version.
        this.changes[one.key]++;
        break;
      }
      case 'expire':
        // No change of the source: what stood there may still stand in for a failed load.
        void this.cache.expire(one.key);
        this.changes[one.key]++;
        break;
      case 'touch': {
        const nowMs = this.clock.now();
        const before = this.cache.entry(one.key);
        const touched = this.cache.touch(one.key);
        const noted = Promise.all([before, touched]).then(([entry, isTouched]) => {
          if (isTouched && entry !== undefined) (this.made[entry.value] as Made).touchedAtMs.push(nowMs);
        });
        this.touches.push(noted);
        break;
      }
      case 'readAll': {
        const all = this.cache.getOrLoadAll(KEYS);
        for (const each of KEYS)
          this.expectFrom(
            each,
            this.longestMs,
            all.then((values) => values.get(each)),
          );
        break;
      }
      case 'change':
        this.change(one.key, one.way);
        break;
      case 'settle':
      case 'fail': {
        const [load] = this.pending.splice(one.pick % Math.max(1, this.pending.length), 1);
        if (one.type === 'settle') load?.resolve();
        else load?.reject();
        break;
      }
      case 'advance':
        this.clock.advance(one.ms);
    }
  }

  async finish(): Promise<void> {
    // A reader whose result was outdated by a late group starts another load, so there may be more after each round.
    for (let round = 0; round < 50; round++) {
      for (const load of this.pending.splice(0)) load.resolve();
      await turn();
      // A batch is run by the next tick.
      if (this.given.batch !== undefined && round % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(this.readers);
    for (const each of KEYS) this.expectFrom(each, TTL_MS, this.cache.get(each));
    await Promise.all(this.readers);
    if (this.violation !== undefined) throw this.violation;
    await this.cache.close();
    expect(this.clock.pendingTimers).toBe(0);
  }

  /** What the source holds when the load starts comes back when the program says so; the groups are named at the end. */
  private load(asked: readonly Key[], load: LoadContext<number>): Promise<ReadonlyMap<string, number>> {
    const values = new Map(asked.map((one) => [one as string, this.make(this.versions[one])]));
    const started = asked.map((one) => this.start(one));
    return new Promise((resolve, reject) => {
      const end = (): void => {
        for (const one of started) this.active.delete(one);
      };
      this.pending.push({
        resolve: () => {
          end();
          // Who waits for a load that takes long gets what the source answers with, stored or not.
          for (const value of values.values()) (this.made[value] as Made).storedAtMs = this.clock.now();
          load.groups(...asked.map((one) => GROUP_OF[one]));
          resolve(values);
        },
        reject: () => {
          end();
          reject(new Error('the source failed'));
        },
      });
    });
  }

  private start(asked: Key): Active {
    const one = { key: asked, changesBefore: this.changes[asked], startedMs: this.clock.now() };
    for (const other of this.active) {
      const isOutdated = this.changes[asked] > other.changesBefore;
      const isGivenUp = this.clock.now() - other.startedMs >= HOLD_MS;
      // The flights of a batch are open before it runs, so that a change may outdate them before their load starts.
      if (other.key === asked && !isOutdated && !isGivenUp && this.given.batch === undefined) {
        this.violation ??= new Error(`a second load of ${asked} runs beside one that is still wanted`);
      }
    }
    this.active.add(one);
    return one;
  }

  private change(asked: Key, name: string): void {
    const way = WAYS[name] as Way;
    const version = ++this.versions[asked];
    // Synchronous in effect: the promise only reports.
    void way.change(this.cache, asked, this.make(version));
    for (const concerned of way.concerns(asked)) {
      this.changes[concerned]++;
      this.floors[concerned] = this.versions[concerned];
    }
  }

  private make(version: number): number {
    return this.made.push({ version, storedAtMs: this.clock.now(), touchedAtMs: [] }) - 1;
  }

  private expectFrom(asked: Key, withinMs: number, answer: Promise<number | undefined>): void {
    const floor = this.floors[asked];
    const askedAtMs = this.clock.now();
    const checked = answer.then(async (value) => {
      await Promise.all(this.touches);
      this.checked++;
      if (value === undefined) return;
      const { version, storedAtMs, touchedAtMs } = this.made[value] as Made;
      if (version < floor) {
        throw new Error(`reader of ${asked} got version ${version}, although ${floor} was announced before it asked`);
      }
      const ageMs = askedAtMs - Math.max(storedAtMs, ...touchedAtMs.filter((atMs) => atMs <= askedAtMs));
      if (ageMs >= withinMs) {
        throw new Error(`reader of ${asked} got a value ${ageMs} ms old; its limit is ${withinMs}`);
      }
    });
    this.readers.push(checked.catch(ignoreFailure));
  }
}

/** Lets the callbacks run that are due. */
export async function turn(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

function ignoreFailure(error: unknown): void {
  if (isCacheError(error, 'CACHE_LOAD_TIMEOUT')) return;
  if (!(error instanceof Error && error.message === 'the source failed')) throw error;
}

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createCache, defineCache, type Cache, type LoadContext } from '../../lib/cache/index.js';
import { FakeClock } from '../../lib/testing/index.js';

/*
 * A source of truth whose values are version numbers, and a cache before it. A change raises the version and then makes
 * the older one unusable in one of the ways that a cache offers. Whoever asks after such a call returned must never see a
 * version from before it, whatever is being loaded meanwhile and in whatever order the loads end.
 */

const KEYS = ['a', 'b', 'c'] as const;
type Key = (typeof KEYS)[number];
const GROUP_OF: Record<Key, string> = { a: 'vowel', b: 'consonant', c: 'consonant' };

const WAYS = {
  invalidate: (cache: Cache<string, number>, key: Key) => cache.invalidate(key),
  put: (cache: Cache<string, number>, key: Key, version: number) =>
    cache.put(key, version, { groups: [GROUP_OF[key]] }),
  group: (cache: Cache<string, number>, key: Key) => cache.invalidateGroup(GROUP_OF[key]),
  glob: (cache: Cache<string, number>, key: Key) => cache.invalidateMatching(`${key}*`),
  predicate: (cache: Cache<string, number>, key: Key) => cache.invalidateMatching((other) => other === key),
  clear: (cache: Cache<string, number>) => cache.clear(),
};

const key = fc.constantFrom(...KEYS);
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constantFrom('read', 'readAll', 'refresh', 'peek'), key }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('change'),
      key,
      way: fc.constantFrom(...(Object.keys(WAYS) as (keyof typeof WAYS)[])),
    }),
  },
  { weight: 6, arbitrary: fc.record({ type: fc.constantFrom('settle', 'fail'), pick: fc.nat(50) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('advance'), ms: fc.constantFrom(1, 500, 1_000, 5_000) }) },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Pending {
  resolve(): void;
  reject(): void;
}

/** One program against one cache: plays it, and checks what every reader got. */
class History {
  private readonly versions: Record<Key, number> = { a: 1, b: 1, c: 1 };
  /** The oldest version that a new reader may see. */
  private readonly floors: Record<Key, number> = { a: 1, b: 1, c: 1 };
  private readonly clock = new FakeClock();
  private readonly pending: Pending[] = [];
  private readonly readers: Promise<void>[] = [];
  private readonly running: Record<Key, number> = { a: 0, b: 0, c: 0 };
  private readonly cache = createCache(
    defineCache<string, number>('versions', {
      ttl: 2_000,
      loadTimeout: { hold: 3_000 },
      loader: (asked, load) => this.load([asked as Key], load).then((values) => values.get(asked) as number),
      bulkLoader: (asked, load) => this.load(asked as Key[], load),
    }),
    { clock: this.clock },
  );
  checked = 0;

  /** What the source holds when the load starts comes back when the program says so; the groups are named at the end. */
  private load(asked: readonly Key[], load: LoadContext): Promise<ReadonlyMap<string, number>> {
    const values = new Map(asked.map((one) => [one as string, this.versions[one]]));
    for (const one of asked) this.running[one]++;
    return new Promise((resolve, reject) => {
      this.pending.push({
        resolve: () => {
          load.groups(...asked.map((one) => GROUP_OF[one]));
          resolve(values);
        },
        reject: () => reject(new Error('the source failed')),
      });
    });
  }

  play(one: Step): void {
    switch (one.type) {
      case 'read':
        this.expectFresh([one.key], this.cache.getOrLoad(one.key));
        break;
      case 'refresh':
        this.expectFresh([one.key], this.cache.refresh(one.key));
        break;
      case 'peek':
        this.expectFresh([one.key], this.cache.get(one.key));
        break;
      case 'readAll': {
        const floors = { ...this.floors };
        const all = this.cache.getOrLoadAll(KEYS).then((values) => {
          for (const each of KEYS) this.check(each, values.get(each), floors[each]);
        });
        this.readers.push(all.catch(ignoreSourceFailure));
        break;
      }
      case 'change': {
        const version = ++this.versions[one.key];
        // Synchronous in effect: the promise only reports.
        void WAYS[one.way](this.cache, one.key, version);
        this.floors[one.key] = version;
        break;
      }
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
    }
    await Promise.all(this.readers);
    for (const each of KEYS) this.check(each, await this.cache.get(each), this.floors[each]);
    await this.cache.close();
    expect(this.clock.pendingTimers).toBe(0);
  }

  private expectFresh([asked]: readonly [Key], answer: Promise<number | undefined>): void {
    const floor = this.floors[asked];
    this.readers.push(answer.then((version) => this.check(asked, version, floor)).catch(ignoreSourceFailure));
  }

  private check(asked: Key, version: number | undefined, floor: number): void {
    this.checked++;
    if (version !== undefined && version < floor) {
      throw new Error(`reader of ${asked} got version ${version}, although ${floor} was announced before it asked`);
    }
  }
}

async function turn(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

function ignoreSourceFailure(error: unknown): void {
  if (!(error instanceof Error && error.message === 'the source failed')) throw error;
}

describe('promise Fence, over random programs', () => {
  it('no reader sees a version from before a change that returned before it asked', async () => {
    let checked = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(step, fc.boolean()), { minLength: 5, maxLength: 40 }), async (program) => {
        const history = new History();
        for (const [one, pause] of program) {
          history.play(one);
          if (pause) await turn();
        }
        await history.finish();
        checked += history.checked;
      }),
      { numRuns: 1_500 },
    );
    expect(checked).toBeGreaterThan(10_000);
  });
});

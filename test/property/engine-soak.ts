import { seededRandom, type Random } from '../../lib/core/index.js';
import { MemoryCache, type MemoryCacheOptions } from '../../lib/engine/index.js';
import { POLICY_NAMES, type PolicyName } from '../../lib/engine/policy/policies.js';
import { assertStructure } from '../../lib/engine/store/structure.js';
import { FakeClock } from '../../lib/testing/index.js';

/** What a weigher throws now and then; the cache hands it on. */
class WeigherFailure extends Error {}

const KEYS = 400;
const GROUPS = ['red', 'green', 'blue'];
const LIFETIMES = [undefined, undefined, 1, 20, 1_500, 60_000, 2 ** 31, Infinity];
const NAP_MS = [0, 1, 9, 40, 1_100, 70_000];
/** Calls that a listener of an event may make from inside another listener's event. */
const DEEPEST = 3;

/** Random calls of a cache of one policy; every value names its key, so that a wrong one is seen when it is read. */
class Soak {
  private readonly clock = new FakeClock();
  private readonly objects = Array.from({ length: 30 }, (_, id) => ({ id }));
  private readonly cache: MemoryCache<unknown, { of: unknown; weight: number }>;
  private depth = 0;
  private isWeigherFailing = false;
  private failure: unknown;

  constructor(
    policy: PolicyName,
    private readonly isWeighted: boolean,
    private readonly random: Random,
  ) {
    const bound: MemoryCacheOptions<unknown, { of: unknown; weight: number }> = isWeighted
      ? { maxWeight: 300, weigher: (value) => this.weigh(value.weight) }
      : { maxSize: 100 };
    this.cache = new MemoryCache({ ...bound, policy, ttl: '1m', clock: this.clock, random });
    this.cache.events$.subscribe((event) => {
      if (event.type === 'hit' || event.type === 'miss' || this.depth >= DEEPEST || this.random() > 0.05) return;
      this.depth++;
      try {
        this.step();
      } catch (error) {
        // The cache would keep it to itself.
        this.failure ??= error;
      } finally {
        this.depth--;
      }
    });
  }

  /** One call; what a weigher throws is expected, anything else is not. */
  step(): void {
    try {
      this.call(this.below(100));
    } catch (error) {
      if (!(error instanceof WeigherFailure)) throw error;
    } finally {
      this.isWeigherFailing = false;
    }
    if (this.depth === 0 && this.failure !== undefined) throw this.failure;
  }

  check(): void {
    assertStructure(this.cache);
    const keys = [...this.cache.keys()];
    if (new Set(keys).size !== keys.length) throw new Error('a key is there twice');
    for (const key of keys) this.read(key, this.cache.peek(key));
  }

  end(): void {
    this.cache.dispose();
    if (this.cache.size !== 0) throw new Error('a disposed cache keeps entries');
    if (this.clock.pendingTimers !== 0) throw new Error('a disposed cache keeps a timer');
  }

  private call(choice: number): void {
    const { cache } = this;
    const key = this.key();
    if (choice < 40) this.read(key, cache.get(key));
    else if (choice < 65) this.put(key);
    else if (choice < 72)
      this.read(
        key,
        cache.getOrCompute(key, () => ({ of: key, weight: this.below(9) })),
      );
    else if (choice < 77) cache.invalidate(key);
    else if (choice < 79) cache.touch(key, LIFETIMES[this.below(LIFETIMES.length)]);
    else if (choice < 80) cache.invalidateGroup(GROUPS[this.below(GROUPS.length)] ?? '');
    else if (choice < 81) cache.invalidateMatching((other) => other === key);
    else if (choice < 82) this.changeKeyObject();
    else if (choice < 83) this.iterate();
    else if (choice < 85) this.resize();
    else if (choice < 86 && this.random() < 0.05) cache.clear();
    else if (choice < 87) this.clock.jump(-this.below(3));
    // Sweeps fire in here, and listeners resize and write in the middle of them.
    else if (this.depth === 0) this.clock.advance(NAP_MS[this.below(NAP_MS.length)] ?? 0);
  }

  private put(key: unknown): void {
    this.isWeigherFailing = this.random() < 0.02;
    const lifetime = (): number | undefined => LIFETIMES[this.below(LIFETIMES.length)];
    const groups = this.random() < 0.2 ? GROUPS.slice(this.below(GROUPS.length)) : undefined;
    const isPlain = this.random() < 0.5;
    const options = isPlain ? undefined : { ttl: lifetime(), tti: lifetime(), groups };
    this.cache.put(key, { of: key, weight: this.below(40) }, options);
  }

  private changeKeyObject(): void {
    const object = this.objects[this.below(this.objects.length)];
    if (object !== undefined) object.id = this.below(1_000);
  }

  private iterate(): void {
    let left = 5;
    for (const [key, value] of this.cache) {
      this.read(key, value);
      if (left-- === 0) break;
      this.put(this.key());
    }
  }

  private resize(): void {
    this.cache.resize(1 + this.below(this.isWeighted ? 600 : 200));
  }

  private read(key: unknown, value: { of: unknown } | undefined): void {
    if (value !== undefined && value.of !== key) throw new Error('a value is found under a key that is not its own');
  }

  private weigh(weight: number): number {
    if (this.isWeigherFailing) throw new WeigherFailure();
    return weight;
  }

  /** The low ones more often, as in life. */
  private key(): unknown {
    const at = Math.floor(this.random() * this.random() * KEYS);
    switch (at % 4) {
      case 0:
        return at;
      case 1:
        return `key ${at}`;
      case 2:
        return `a key of more than sixteen characters ${at}`;
      default:
        return this.objects[at % this.objects.length];
    }
  }

  private below(count: number): number {
    return Math.floor(this.random() * count);
  }
}

/**
 * `steps` random calls, spread over all policies, by number of entries and by weight. The structure is checked after
 * every `checkEvery` of them. What goes wrong is thrown, with the seed and the step that replay it.
 */
export function soak(steps: number, seed: number, checkEvery: number, told: (line: string) => void = () => {}): void {
  const share = Math.ceil(steps / (POLICY_NAMES.length * 2));
  for (const policy of POLICY_NAMES) {
    for (const isWeighted of [false, true]) {
      const run = new Soak(policy, isWeighted, seededRandom(seed));
      const name = `${policy} bounded by ${isWeighted ? 'weight' : 'size'}`;
      for (let step = 1; step <= share; step++) {
        try {
          run.step();
          if (step % checkEvery === 0) run.check();
        } catch (error) {
          throw new Error(`soak: ${name}, seed ${seed}, step ${step}: ${String(error)}`, { cause: error });
        }
      }
      run.check();
      run.end();
      told(`${name}: ${share.toLocaleString('en')} steps`);
    }
  }
}

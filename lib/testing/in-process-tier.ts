import {
  compileGlob,
  OptionProblems,
  systemClock,
  systemRandom,
  CacheMisuseError,
  type Clock,
  type Random,
} from '../core/index.js';
import {
  resolveTierOptions,
  type Tier,
  type TierCapabilities,
  type TierEntry,
  type TierFences,
  type TierGuard,
  type TierOptions,
  type TierRead,
  type TierWrite,
} from '../tiers/index.js';

/** What an {@link InProcessTier} can be told, besides what every tier can. */
export interface InProcessTierOptions extends TierOptions {
  /** What it measures lifetimes with. @defaultValue the system's */
  readonly clock?: Clock;
  /** What its tokens are made of; a seeded one makes a run repeatable. @defaultValue the system's */
  readonly random?: Random;
  /** What it claims to be able to do, and then holds itself to. @defaultValue everything, shared by every node */
  readonly capabilities?: Partial<TierCapabilities>;
}

/** Something that ends at an instant of the clock. */
interface Held<T> {
  readonly value: T;
  readonly endsAtMs: number;
}

/** What one space holds. */
class Space {
  readonly entries = new Map<string, Held<Uint8Array>>();
  readonly fences = new Map<string, Held<string>>();
  readonly leases = new Map<string, Held<string>>();
  readonly generations = new Map<string, string>();
}

/** What all nodes of one {@link InProcessTier} look at. */
interface Shared {
  readonly clock: Clock;
  readonly random: Random;
  readonly spaces: Map<string, Space>;
}

const ALL_CAPABILITIES: TierCapabilities = {
  scope: 'shared',
  atomicFences: true,
  listsKeys: true,
  leases: true,
  maxEntryBytes: Infinity,
};
const BATCH_OF_KEYS = 100;

/**
 * A tier in the memory of this process that keeps the whole contract, exactly by the clock and the random that it is
 * given. It stands in for a shared tier in tests: bytes are copied in and out, and {@link anotherNode} is the same tier
 * as another process would have it. Nothing bounds it but the lifetimes of its entries.
 */
export class InProcessTier implements Tier {
  readonly name: string;
  readonly guard: TierGuard;
  readonly capabilities: TierCapabilities;
  private readonly options: InProcessTierOptions;
  private closed = false;

  constructor(
    options: InProcessTierOptions = {},
    /** @internal */ private readonly shared: Shared = sharedOf(options),
  ) {
    const problems = new OptionProblems('InProcessTier');
    const own = ['clock', 'random', 'capabilities'];
    const { name, guard } = resolveTierOptions(problems, options, { name: 'in-process', timeoutMs: 1_000 }, own);
    problems.throwIfAny();
    this.name = name;
    this.guard = guard;
    this.capabilities = { ...ALL_CAPABILITIES, ...options.capabilities };
    this.options = options;
  }

  /** The same entries, fences, generations and leases, as another node has them: closing one leaves the other open. */
  anotherNode(): InProcessTier {
    return new InProcessTier(this.options, this.shared);
  }

  /** Loses everything it holds at once, as a server does that was restarted or flushed. */
  lose(): void {
    this.shared.spaces.clear();
  }

  start(): void {}

  async read(space: string, keys: readonly string[], generations: readonly string[]): Promise<TierRead> {
    const held = this.open(space);
    return {
      entries: keys.map((key) => this.entryOf(held, key)),
      generations: generations.map((generation) => held.generations.get(generation)),
    };
  }

  async fence(
    space: string,
    keys: readonly string[],
    generations: readonly string[],
    ttlMs: number,
  ): Promise<TierFences> {
    const held = this.open(space);
    return {
      fences: keys.map((key) => this.fenceOf(held, key, ttlMs)),
      generations: generations.map((generation) => {
        const token = held.generations.get(generation) ?? this.newToken();
        held.generations.set(generation, token);
        return token;
      }),
    };
  }

  async write(space: string, writes: readonly TierWrite[]): Promise<readonly boolean[]> {
    const held = this.open(space);
    return writes.map(({ key, bytes, ttlMs, fence }) => {
      const isOpen = fence === undefined || this.current(held.fences, key)?.value === fence;
      if (this.capabilities.atomicFences && !isOpen) return false;
      held.fences.delete(key);
      held.entries.set(key, { value: bytes.slice(), endsAtMs: this.shared.clock.now() + ttlMs });
      return true;
    });
  }

  async remove(space: string, keys: readonly string[]): Promise<void> {
    const held = this.open(space);
    for (const key of keys) {
      held.entries.delete(key);
      held.fences.delete(key);
    }
  }

  async renew(space: string, generations: readonly string[]): Promise<void> {
    const held = this.open(space);
    for (const generation of generations) held.generations.set(generation, this.newToken());
  }

  async *keys(space: string, glob?: string): AsyncGenerator<readonly string[]> {
    const held = this.open(space);
    this.require('listsKeys', 'keys()');
    const matches = glob === undefined ? () => true : compileGlob(glob);
    const live = new Set([...this.keysOf(held.entries), ...this.keysOf(held.fences)]);
    const found = [...live].filter(matches);
    for (let from = 0; from < found.length; from += BATCH_OF_KEYS) {
      yield found.slice(from, from + BATCH_OF_KEYS);
      this.open(space);
    }
  }

  async lease(space: string, key: string, holder: string, ttlMs: number): Promise<boolean> {
    const held = this.open(space);
    this.require('leases', 'lease()');
    const current = this.current(held.leases, key);
    if (current !== undefined && current.value !== holder) return false;
    held.leases.set(key, { value: holder, endsAtMs: this.shared.clock.now() + ttlMs });
    return true;
  }

  async release(space: string, key: string, holder: string): Promise<void> {
    const held = this.open(space);
    this.require('leases', 'release()');
    if (this.current(held.leases, key)?.value === holder) held.leases.delete(key);
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  private open(space: string): Space {
    if (this.closed)
      throw new CacheMisuseError(`tier "${this.name}" is closed; use it before close(), or make another`);
    const { spaces } = this.shared;
    const held = spaces.get(space) ?? new Space();
    spaces.set(space, held);
    return held;
  }

  private require(capability: 'listsKeys' | 'leases', call: string): void {
    if (this.capabilities[capability]) return;
    throw new CacheMisuseError(
      `tier "${this.name}" does not have the capability ${capability}, which ${call} needs; look at tier.capabilities first`,
    );
  }

  private entryOf(held: Space, key: string): TierEntry | undefined {
    const entry = this.current(held.entries, key);
    return entry && { bytes: entry.value.slice(), ttlLeftMs: entry.endsAtMs - this.shared.clock.now() };
  }

  /** The open fence of a key, kept for at least `ttlMs` from now, or a new one. */
  private fenceOf(held: Space, key: string, ttlMs: number): string {
    const open = this.current(held.fences, key);
    const endsAtMs = Math.max(open?.endsAtMs ?? 0, this.shared.clock.now() + ttlMs);
    const value = open?.value ?? this.newToken();
    held.fences.set(key, { value, endsAtMs });
    return value;
  }

  /** What is held under a key and has not ended; what has is dropped here. */
  private current<T>(kind: Map<string, Held<T>>, key: string): Held<T> | undefined {
    const held = kind.get(key);
    if (held === undefined || held.endsAtMs > this.shared.clock.now()) return held;
    kind.delete(key);
    return undefined;
  }

  private keysOf<T>(kind: Map<string, Held<T>>): string[] {
    return [...kind.keys()].filter((key) => this.current(kind, key) !== undefined);
  }

  private newToken(): string {
    const half = (): string =>
      Math.floor(this.shared.random() * 2 ** 32)
        .toString(16)
        .padStart(8, '0');
    return half() + half();
  }
}

function sharedOf({ clock = systemClock, random = systemRandom }: InProcessTierOptions): Shared {
  return { clock, random, spaces: new Map() };
}

import { isDeepStrictEqual } from 'node:util';
import { Subject, type Observable } from 'rxjs';
import {
  CacheMisuseError,
  CacheUnknownError,
  systemClock,
  type CacheEvent,
  type Clock,
  type Duration,
  type Subscribable,
  type Wants,
} from '../core/index.js';
import { MemoryCache, type MemoryCacheStats } from '../engine/index.js';
import type { Cache } from './api/cache.js';
import type { CacheOptions } from './api/cache.options.js';
import type { CacheStats } from './statistics/cache.stats.js';
import type { BackgroundWork } from './background/background.js';
import type { Company } from './cache-assembly.js';
import { buildCache, checkApplication, governorOf, portsOf, type CreateCacheOptions } from './create-cache.js';
import {
  isDefinition,
  type AnyDefinition,
  type CacheDefinition,
  type MemoryCacheDefinition,
  type MemoryDefinitionOptions,
} from './api/definition.js';
import { CacheEventStream, type CacheEvents } from './events/event-stream.js';
import type { IndexedCache } from './indexed-cache.js';
import { Instruments, type Instrument } from './statistics/instruments.js';
import { MethodKeyCodec } from './keys/key-codec.js';
import { MemoryBackground, resolveMemorySnapshot } from './background/memory-background.js';
import type { MemoryGovernor, MemoryNews, MemoryState } from './memory/memory-governor.js';
import { OwnedFiles } from './background/owned-files.js';
import { STATS_INTERVAL, StatsStream } from './statistics/stats-stream.js';
import { TierLinks, type LinkNews } from './shared/tier-links.js';
import type { BackgroundNews } from './background/work-news.js';

/** A cache as the registry keeps it: its types are the definition's, which the caller knows. */
type AnyCache = IndexedCache<unknown, unknown>;
type AnyMemoryCache = MemoryCache<unknown, unknown>;

interface Registered {
  readonly definition: AnyDefinition;
  readonly declaredBy: string;
  readonly cache: AnyCache | AnyMemoryCache;
  /** What it does by itself, if it does anything. */
  readonly background: BackgroundWork | undefined;
  close(): Promise<void>;
}

/** A cache that was made, whatever its kind. */
type Made = Pick<Registered, 'cache' | 'background' | 'close'>;

/** A method's own cache, and the key codec that gives its calls their places. */
export interface MethodCache {
  readonly cache: IndexedCache<string, unknown>;
  readonly keys: MethodKeyCodec;
}

/** The statistics of every cache, by its name. */
export type RegistryStats = Record<string, CacheStats | MemoryCacheStats>;

/** The caches of one application, each made once. */
export class CacheRegistry {
  /** The events of all caches, those that are defined later included. */
  readonly events$: CacheEvents<unknown, unknown>;
  private readonly registered = new Map<string, Registered>();
  private readonly files = new OwnedFiles();
  private readonly added = new Subject<Registered>();
  private readonly links: TierLinks;
  private readonly instruments = new Instruments();
  private readonly governor: MemoryGovernor | undefined;
  private isOpen = false;
  private isWarming = false;
  private readonly statsStream: StatsStream<RegistryStats>;

  constructor(private readonly settings: CreateCacheOptions = {}) {
    this.governor = governorOf(checkApplication('CacheModule.forRoot()', settings), settings);
    this.links = new TierLinks(portsOf(settings));
    this.events$ = new CacheEventStream(
      { subscribe: (observer, wants) => this.subscribeToAll(observer, wants) },
      'registry',
    );
    this.statsStream = new StatsStream('registry', () => this.stats(), settings.clock ?? systemClock);
  }

  /** The clock of all caches. */
  get clock(): Clock {
    return portsOf(this.settings).clock;
  }

  /**
   * Makes the cache of a definition. The same definition again, or one with equal options, changes nothing; other
   * options under the same name are an error.
   *
   * @param declaredBy who declares it, for that error: `AppModule`, `@Cacheable of CitiesService.find`
   */
  define(definition: AnyDefinition, declaredBy = 'the application'): void {
    const known = this.registered.get(definition.name);
    if (known === undefined) this.add(definition, declaredBy, this.build(definition));
    else if (!isSame(known.definition, definition)) throw differs(known, declaredBy);
  }

  /** Makes a method's own cache. Two classes of one name would share it by accident, so a second declaration is an error. */
  defineMethodCache(name: string, options: CacheOptions<string, unknown>, declaredBy: string): MethodCache {
    const known = this.registered.get(name);
    if (known !== undefined) throw differs(known, declaredBy);
    const definition = { kind: 'cache', name, options } as const;
    const keys = new MethodKeyCodec(name);
    const cache = buildCache(definition, this.settings, this.company, keys);
    this.add(definition, declaredBy, made(cache as AnyCache));
    return { cache, keys };
  }

  /** The cache of a definition, or of a name. */
  get<K, V>(reference: CacheDefinition<K, V>): Cache<K, V>;
  get<K, V>(reference: MemoryCacheDefinition<K, V>): MemoryCache<K, V>;
  get<K = unknown, V = unknown>(name: string): Cache<K, V>;
  get(reference: AnyDefinition | string): unknown {
    return this.find(reference).cache;
  }

  /** The cache as decorated methods use it. */
  core<K, V>(reference: CacheDefinition<K, V> | string, askedBy: string): IndexedCache<K, V> {
    const { cache, definition } = this.find(reference as AnyDefinition | string, askedBy);
    if (!(cache instanceof MemoryCache)) return cache as IndexedCache<K, V>;
    throw new CacheMisuseError(
      `${askedBy} names "${definition.name}", a MemoryCache, which loads nothing; name one made with defineCache()`,
    );
  }

  has(name: string): boolean {
    return this.registered.has(name);
  }

  names(): string[] {
    return [...this.registered.keys()];
  }

  /** The statistics of every cache, by name. */
  stats(): RegistryStats {
    return Object.fromEntries(this.all().map(({ definition, cache }) => [definition.name, cache.stats()]));
  }

  /** The same now and after each interval, until the application shuts down. @defaultValue '10s' */
  stats$(interval: Duration = STATS_INTERVAL): Observable<RegistryStats> {
    return this.statsStream.every(interval);
  }

  /** How the caches share memory at the moment; `undefined` without `memory`. */
  memory(): MemoryState | undefined {
    return this.governor?.state();
  }

  /** @internal What becomes of it, for whoever logs that. */
  get memoryNews(): Subscribable<MemoryNews> | undefined {
    return this.governor?.news;
  }

  /** @internal What becomes of tiers and buses, for whoever logs that. */
  get linkNews(): Subscribable<LinkNews> {
    return this.links.news;
  }

  /** Invalidates a group in every cache; how many entries were in it. */
  async invalidateGroup(group: string): Promise<number> {
    const removed = await Promise.all(this.all().map(({ cache }) => cache.invalidateGroup(group)));
    return removed.reduce((sum, count) => sum + count, 0);
  }

  /** Clears every cache. */
  async clearAll(): Promise<void> {
    await Promise.all(this.all().map(({ cache }) => cache.clear()));
  }

  /**
   * Lets an observability tool look into every cache, those that are defined later included; returns what ends that.
   * Instruments see what events do not tell: how long each step took, and the loaders while they run.
   */
  instrument(instrument: Instrument): () => void {
    return this.instruments.add(instrument);
  }

  /** Rejects when a tier or bus in use needs a package that is not installed, saying which. */
  loadPackages(): Promise<void> {
    return this.links.loadPackages();
  }

  /** Restores the caches that are to be, also those that are defined later; resolves when those of now may be used. */
  async open(): Promise<void> {
    this.isOpen = true;
    await Promise.all(this.backgrounds().map((background) => background.open()));
  }

  /** Begins to warm the caches that are to be, also those that are defined later; resolves when what is to be waited for is warm. */
  async warm(): Promise<void> {
    this.isWarming = true;
    await Promise.all(this.backgrounds().map((background) => background.warm()));
  }

  /** Ends what the caches do by themselves: the application is about to shut down. */
  stop(): void {
    for (const background of this.backgrounds()) background.stop();
  }

  /** @internal What the caches do by themselves. */
  backgrounds(): BackgroundWork[] {
    return this.all().flatMap(({ background }) => background ?? []);
  }

  /** @internal What a cache does by itself at the moment: the last that was told of each. */
  work(name: string): readonly BackgroundNews[] {
    return this.find(name).background?.news.running ?? [];
  }

  /** Closes every cache, the last defined first. */
  async close(): Promise<void> {
    const caches = this.all().reverse();
    await Promise.all(caches.map((registered) => registered.close()));
    await this.links.close();
    this.added.complete();
    this.statsStream.end();
  }

  private get company(): Company {
    const { links, instruments, governor } = this;
    return { links, instruments, governor };
  }

  private build(definition: AnyDefinition): Made {
    const { name, options, kind } = definition;
    if (kind === 'cache') return made(buildCache<unknown, unknown>({ name, options }, this.settings, this.company));
    const { clock, random } = this.settings;
    const { snapshot, ...own }: MemoryDefinitionOptions = options;
    const kept = resolveMemorySnapshot(name, snapshot);
    const cache = new MemoryCache<unknown, unknown>({ clock, random, ...own, name }, this.governor);
    const background = kept === undefined ? undefined : new MemoryBackground(cache, kept, this.clock);
    const close = async (): Promise<void> => {
      await background?.end();
      cache.dispose();
    };
    return { cache, background, close };
  }

  private add(definition: AnyDefinition, declaredBy: string, added: Made): void {
    const { background } = added;
    try {
      this.files.claim(definition.name, background?.files ?? []);
    } catch (error) {
      void added.close();
      throw error;
    }
    const registered = { definition, declaredBy, ...added };
    this.registered.set(definition.name, registered);
    this.added.next(registered);
    if (this.isOpen) void background?.open();
    if (this.isWarming) void background?.warm();
  }

  private find(reference: AnyDefinition | string, askedBy?: string): Registered {
    const name = typeof reference === 'string' ? reference : reference.name;
    const found = this.registered.get(name);
    if (found === undefined) throw new CacheUnknownError(name, this.names(), askedBy);
    if (isDefinition(reference) && !isSame(found.definition, reference)) throw differs(found, askedBy ?? 'the caller');
    return found;
  }

  private all(): Registered[] {
    return [...this.registered.values()];
  }

  /** Only a subscriber makes the caches build events. */
  private subscribeToAll(observer: Parameters<Subscribable<CacheEvent>['subscribe']>[0], wants: Wants | undefined) {
    const listener = typeof observer === 'function' ? { next: observer } : observer;
    const next = (event: CacheEvent): void => listener.next?.(event);
    const listenTo = ({ events$ }: AnyCache | AnyMemoryCache) => {
      if (wants === undefined) return events$.subscribe({ next });
      return events$ instanceof CacheEventStream
        ? events$.wanted(wants).subscribe({ next })
        : events$.subscribe({ next }, wants);
    };
    const subscriptions = this.all().map(({ cache }) => listenTo(cache));
    const later = this.added.subscribe({
      next: ({ cache }) => void subscriptions.push(listenTo(cache)),
      complete: () => listener.complete?.(),
    });
    return {
      unsubscribe: () => {
        later.unsubscribe();
        for (const subscription of subscriptions) subscription.unsubscribe();
      },
    };
  }
}

function made(cache: AnyCache): Made {
  return { cache, background: cache.background, close: () => cache.close() };
}

function isSame(known: AnyDefinition, other: AnyDefinition): boolean {
  return known === other || (known.kind === other.kind && isDeepStrictEqual(known.options, other.options));
}

function differs({ definition, declaredBy }: Registered, otherDeclaredBy: string): CacheMisuseError {
  return new CacheMisuseError(
    `cache "${definition.name}" is defined twice with different options, by ${declaredBy} and by ${otherDeclaredBy}; ` +
      `export one definition and use it in both places, or give one of them another name`,
  );
}

import type { Cancel } from '../../core/index.js';
import { emit, type CacheParts } from '../parts/cache-parts.js';
import { HotKeyFile } from './hot-key-file.js';
import type { OwnFile } from './owned-files.js';
import { SnapshotSchedule } from './snapshot-schedule.js';
import { Snapshots } from './snapshots.js';
import { WarmLease } from './warm-lease.js';
import type { WarmWork } from './warm-run.js';
import { warmWorkOf, type WarmableCache } from './warm-sources.js';
import { Warming } from './warming.js';
import type { WarmSettings } from '../api/warm.options.js';
import { WorkNews, type BackgroundNews, type OwnNews } from './work-news.js';

/** So often the hottest keys are kept, besides at the end. */
const HOT_KEYS_EVERY_MS = 300_000;

/** What a cache does by itself, as its application sees it. */
export interface BackgroundWork {
  /** The cache's. */
  readonly name: string;
  readonly news: WorkNews;
  /** The files that it keeps. */
  readonly files: readonly OwnFile[];
  /** Warmings that a cron expression starts. */
  readonly onCron: readonly Warming[];
  /** Restores what is to be restored; resolves when the cache may be used. Once, and never rejects. */
  open(): Promise<void>;
  /** Begins to warm; resolves when what is to be waited for has ended. Once, and never rejects. */
  warm(): Promise<void>;
  /** Begins nothing any more. */
  stop(): void;
}

/**
 * What a cache does though nobody asks it anything: it is restored and warmed at its start, saved and warmed from time to
 * time, and saved at its end.
 */
export class Background<K, V> implements BackgroundWork {
  readonly name: string;
  readonly snapshots: Snapshots<K, V>;
  readonly news: WorkNews;
  private readonly schedule: SnapshotSchedule | undefined;
  private readonly hotKeys: HotKeyFile<K, V> | undefined;
  private readonly warmings: Warming[] = [];
  private warmed: Promise<void> | undefined;
  private opened: Promise<void> | undefined;
  private cancelTimer: Cancel = () => {};
  private isStopped = false;
  private readonly holder: string;

  /** @param isGone whether what the cache held is held no more */
  constructor(
    private readonly parts: CacheParts<K, V>,
    cache: WarmableCache<K, V>,
    isGone: () => boolean,
  ) {
    const { settings, clock, random } = parts;
    const { snapshot, warm } = settings;
    this.name = parts.name;
    this.news = new WorkNews(parts.name, clock);
    this.holder = `${random()}`.slice(2);
    this.snapshots = new Snapshots(parts, isGone, (type, news) => this.tell(type, news));
    if (snapshot !== undefined) this.schedule = new SnapshotSchedule(snapshot, this.snapshots, clock);
    if (warm === undefined) return;
    if (warm.hotKeys !== undefined) this.hotKeys = new HotKeyFile(warm.hotKeys, parts);
    this.add('', warm, async () => warmWorkOf(parts, warm, cache, this.snapshots, await this.hottestOfLastRun()));
  }

  open(): Promise<void> {
    this.opened ??= this.schedule?.start() ?? Promise.resolve();
    return this.opened;
  }

  warm(): Promise<void> {
    this.warmed ??= Promise.all(this.warmings.map((warming) => warming.start())).then(() => undefined);
    if (this.hotKeys !== undefined) this.planHotKeys(this.hotKeys);
    return this.warmed;
  }

  /** One more way to warm the cache; the label tells it from the others on every node. */
  add(label: string, settings: WarmSettings, work: () => WarmWork | Promise<WarmWork>): Warming {
    const { clock, random, flights, lower } = this.parts;
    const tier = settings.locked ? lower?.tiers.findLast(({ capabilities }) => capabilities.leases) : undefined;
    const lease = tier === undefined ? undefined : new WarmLease(tier, this.holder, label, clock);
    const tell = (news: OwnNews): void => this.tell('warm', news, label);
    const warming = new Warming(settings, work, { clock, random, flights: () => flights.size, tell, lease });
    this.warmings.push(warming);
    return warming;
  }

  get files(): OwnFile[] {
    const { snapshot, warm } = this.parts.settings;
    const named = { 'snapshot.path': snapshot?.path, 'warm.hotKeys': warm?.hotKeys };
    return Object.entries(named).flatMap(([option, path]) => (path === undefined ? [] : [{ option, path }]));
  }

  get onCron(): readonly Warming[] {
    return this.warmings.filter(({ settings }) => settings.cron !== undefined);
  }

  stop(): void {
    this.isStopped = true;
    this.cancelTimer();
    this.schedule?.stop();
    for (const warming of this.warmings) warming.stop();
  }

  /** Whether {@link end} keeps anything of what the cache holds. */
  get savesAtEnd(): boolean {
    return this.schedule?.savesAtEnd === true;
  }

  /** Saves what is to be saved. Never rejects. */
  async end(): Promise<void> {
    this.stop();
    await Promise.all([this.schedule?.end(), this.hotKeys?.save().catch((error) => this.hotKeysFailed(error))]);
  }

  private async hottestOfLastRun(): Promise<readonly K[]> {
    try {
      return ((await this.hotKeys?.load()) ?? []).map(({ key }) => key);
    } catch (error) {
      this.tell('restore', { cause: 'failure', error });
      return [];
    }
  }

  private planHotKeys(file: HotKeyFile<K, V>): void {
    if (this.isStopped) return;
    this.cancelTimer();
    this.cancelTimer = this.parts.clock.after(HOT_KEYS_EVERY_MS, () => {
      void file
        .save()
        .catch((error) => this.hotKeysFailed(error))
        .then(() => this.planHotKeys(file));
    });
  }

  private hotKeysFailed(error: unknown): void {
    this.tell('snapshot', { cause: 'failure', error });
  }

  private tell(type: BackgroundNews['type'], news: OwnNews, label?: string): void {
    const { parts } = this;
    this.news.tell(type, news, label);
    if (parts.events.observed) emit(parts, type, news);
  }
}

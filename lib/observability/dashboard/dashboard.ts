import type { ServerResponse } from 'node:http';
import { BadRequestException, NotFoundException, ServiceUnavailableException } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { CACHE_EVENT_TYPES, isCacheError, type Clock } from '../../core/index.js';
import type { CacheRegistry } from '../../cache/index.js';
import { Actions } from './actions.js';
import { browsable, BrowsedCache, ObjectNumbers, type BrowsedEntry } from './browsed-cache.js';
import type { DashboardSettings } from './dashboard.options.js';
import { searchKeys, type KeyQuery } from './key-search.js';
import { LiveStream, type EventFilter, type EventsToFollow } from './live-stream.js';
import { nodeIdentity } from './node-identity.js';
import { pauses } from './pauses.js';
import { Sampler } from './sampler.js';
import { shownText } from './shown-text.js';
import { unshowable, valuePreview } from './value-preview.js';
import {
  METRICS,
  type ActionReport,
  type EntryDetail,
  type HotKeyList,
  type KeyPage,
  type NodeIdentity,
  type ValuePreview,
} from './wire.js';

/** Every stream takes a connection, and a share of each interval. */
const MAX_STREAMS = 64;
const LONGEST_KEY_SHOWN = 4_000;
const HOT_KEYS = 10;

/** What a reader of a live stream wants. */
export interface LiveQuery {
  /** Samples that ended after this instant, where the reader has those before it from this very node. */
  readonly sinceMs: number;
  /** The id of the node that the reader has seen; `null` for none. */
  readonly seenNode: string | null;
  /** `undefined`: no events. Then no cache makes any for this reader. */
  readonly events: EventFilter | undefined;
}

/** What the page can ask one node: its numbers, its keys, its entries, its events, and what it is to do. */
export class Dashboard implements OnApplicationBootstrap, OnModuleDestroy {
  readonly node: NodeIdentity;
  private readonly sampler: Sampler;
  private readonly streams = new Set<LiveStream>();
  private readonly objects = new ObjectNumbers();
  private readonly actions: Actions;
  private isClosing = false;

  constructor(
    private readonly registry: CacheRegistry,
    readonly settings: DashboardSettings,
    private readonly clock: Clock,
  ) {
    this.node = nodeIdentity(settings.node, clock);
    this.sampler = new Sampler({ registry, clock, intervalMs: settings.intervalMs, historyMs: settings.historyMs });
    this.actions = new Actions({
      registry,
      browse: (cache) => this.browse(cache),
      pauses: () => pauses(clock),
      snapshotFolder: settings.snapshotFolder,
    });
  }

  onApplicationBootstrap(): void {
    this.sampler.start();
  }

  /** Before the server stops to listen, since it waits for open responses, and streams never end by themselves. */
  onModuleDestroy(): void {
    this.isClosing = true;
    this.sampler.stop();
    for (const stream of this.streams) stream.close();
  }

  /** Throws where there is no room, or no such cache: before the response is taken. */
  stream({ sinceMs, seenNode, events }: LiveQuery): (response: ServerResponse) => void {
    if (this.isClosing) throw new ServiceUnavailableException('this node is shutting down');
    if (this.streams.size >= MAX_STREAMS) {
      throw new ServiceUnavailableException(`${MAX_STREAMS} readers watch already; close some of the pages`);
    }
    const source = events?.cache === undefined ? this.registry : this.browse(events.cache).cache;
    return (response) => {
      const stream = new LiveStream({
        response,
        clock: this.clock,
        sampler: this.sampler,
        textOfKey: (cache, key) => this.browse(cache).text(key),
        labelOfKey: (cache, key) => this.browse(cache).label(key),
      });
      if (!response.destroyed) this.streams.add(stream);
      response.once('close', () => this.streams.delete(stream));
      const { intervalMs, historyMs, hasActions, snapshotFolder } = this.settings;
      stream.open({
        node: this.node,
        intervalMs,
        historyMs,
        metrics: METRICS,
        eventTypes: CACHE_EVENT_TYPES,
        actions: hasActions,
        snapshots: snapshotFolder !== undefined,
        caches: this.sampler.states(),
        samples: this.sampler.history(seenNode === this.node.id ? sinceMs : 0),
      });
      if (events !== undefined) stream.follow(source.events$ as EventsToFollow, events);
    };
  }

  /** @param isGone whether nobody waits for the answer any more */
  async keys(cache: string, query: KeyQuery, isGone: () => boolean): Promise<KeyPage> {
    const browsed = this.browse(cache);
    try {
      const { keys, matches } = await searchKeys(browsed, query, { pause: pauses(this.clock), isGone });
      const { size } = browsed.cache.stats();
      return { node: this.node.name, cache, keys, offset: query.offset, matches, size };
    } catch (error) {
      // A glob that is none.
      if (isCacheError(error, 'CACHE_MISUSE')) throw new BadRequestException(error.message);
      throw error;
    }
  }

  hotKeys(cache: string): HotKeyList {
    const browsed = this.browse(cache);
    const hot = browsed.cache.hotKeys?.(HOT_KEYS) ?? [];
    const keys = hot.map(({ key, hitRate, share, lookups, weight }) => ({
      key: browsed.label(key),
      hitRate,
      share,
      lookups: Math.round(lookups),
      weight: weight ?? null,
    }));
    return { node: this.node.name, cache, keys };
  }

  async entry(cache: string, id: string): Promise<EntryDetail> {
    const browsed = this.browse(cache);
    const found = await browsed.find(id, pauses(this.clock));
    if (found === undefined) throw new NotFoundException('the key has left the cache');
    const { key } = found;
    const entry = await browsed.cache.entry(key);
    return {
      node: this.node.name,
      cache,
      key: browsed.label(key),
      keyText: shownText(browsed.text(key), LONGEST_KEY_SHOWN),
      entry: entry === undefined ? null : this.detail(cache, key, entry),
    };
  }

  async act(action: unknown): Promise<ActionReport> {
    return { node: this.node.name, ...(await this.actions.run(action)) };
  }

  private detail(cache: string, key: unknown, entry: BrowsedEntry): EntryDetail['entry'] {
    return {
      ageMs: entry.ageMs ?? null,
      ttlLeftMs: Number.isFinite(entry.ttlLeftMs) ? entry.ttlLeftMs : null,
      groups: entry.groups.map((group) => shownText(group, LONGEST_KEY_SHOWN)),
      tier: entry.tier ?? 'memory',
      weight: entry.weight ?? null,
      stale: entry.stale ?? false,
      value: this.preview(entry.value, key, cache),
    };
  }

  private preview(value: unknown, key: unknown, cache: string): ValuePreview | null {
    const { valueShown } = this.settings;
    if (valueShown === undefined) return null;
    try {
      return valuePreview(valueShown(value, key, cache));
    } catch (error) {
      // What was to be shown in its place could not be computed; then the value itself must not be shown.
      return unshowable(error);
    }
  }

  private browse(name: string): BrowsedCache {
    if (!this.registry.has(name)) throw new NotFoundException(`there is no cache "${shownText(name, 100)}"`);
    return new BrowsedCache(browsable(this.registry, name), this.objects);
  }
}

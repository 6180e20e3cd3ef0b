import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BadRequestException, ForbiddenException, InternalServerErrorException, Logger } from '@nestjs/common';
import { isCacheError } from '../../core/index.js';
import type { CacheRegistry } from '../../cache/index.js';
import type { BrowsedCache } from './browsed-cache.js';
import type { Pause } from './pauses.js';
import { shownText } from './shown-text.js';
import type { Action, ActionReport } from './wire.js';

/** What actions work on. */
export interface ActionParts {
  readonly registry: CacheRegistry;
  readonly browse: (cache: string) => BrowsedCache;
  /** Made for one search. */
  readonly pauses: () => Pause;
  /** `undefined`: none are saved. */
  readonly snapshotFolder: string | undefined;
}

/** What came of an action. */
type Outcome = Omit<ActionReport, 'node'>;

/** Does what the page asks for, and tells the log. */
export class Actions {
  private readonly logger = new Logger('CacheDashboard');

  constructor(private readonly parts: ActionParts) {}

  async run(asked: unknown): Promise<Outcome> {
    const action = actionOf(asked);
    try {
      const outcome =
        action.action === 'saveSnapshot' ? await this.save(action.cache) : { removed: await this.remove(action) };
      const { removed, saved } = outcome;
      this.logger.log(
        `${descriptionOf(action)}; ${saved === undefined ? `entries removed: ${removed}` : `entries: ${saved.entries}`}`,
      );
      return outcome;
    } catch (error) {
      // A pattern that is none.
      if (isCacheError(error, 'CACHE_MISUSE')) throw new BadRequestException(error.message);
      throw error;
    }
  }

  /** The browser names a cache, never a file. */
  private async save(cache: string): Promise<Outcome> {
    const { snapshotFolder, browse } = this.parts;
    if (snapshotFolder === undefined) {
      throw new ForbiddenException(
        'snapshots are off; CacheDashboardModule.forRoot({ snapshots: folder }) enables them',
      );
    }
    const browsed = browse(cache);
    const file = snapshotFile(cache);
    try {
      await mkdir(snapshotFolder, { recursive: true });
      const { entries, leftOut } = await browsed.cache.snapshot(join(snapshotFolder, file));
      const { unfit, expired, outdated, noRoom } = leftOut;
      return { removed: 0, saved: { file, entries, leftOut: unfit + expired + outdated + noRoom } };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.logger.error(`cache "${shownText(cache, 100)}": no snapshot was saved: ${message}`);
      throw new InternalServerErrorException('the snapshot was not saved; the log of this node says why');
    }
  }

  private async remove(action: Exclude<Action, { action: 'saveSnapshot' }>): Promise<number> {
    const { registry, browse } = this.parts;
    switch (action.action) {
      case 'invalidateKey': {
        const browsed = browse(action.cache);
        const found = await browsed.find(action.key, this.parts.pauses());
        return found !== undefined && (await browsed.cache.invalidate(found.key)) ? 1 : 0;
      }
      case 'invalidateGroup':
        if (action.cache === null) return registry.invalidateGroup(action.group);
        return browse(action.cache).cache.invalidateGroup(action.group);
      case 'invalidateMatching':
        return browse(action.cache).cache.invalidateMatching(action.pattern);
      case 'clear': {
        const { cache } = browse(action.cache);
        const { size } = cache.stats();
        await cache.clear();
        return size;
      }
    }
  }
}

/** What came over the wire, checked. */
function actionOf(asked: unknown): Action {
  const given = Object(asked) as Record<string, unknown>;
  const { action } = given;
  switch (action) {
    case 'invalidateKey':
      return { action, cache: text(given, 'cache'), key: text(given, 'key') };
    case 'invalidateGroup':
      return { action, cache: given.cache === null ? null : text(given, 'cache'), group: text(given, 'group') };
    case 'invalidateMatching':
      return { action, cache: text(given, 'cache'), pattern: text(given, 'pattern') };
    case 'clear':
    case 'saveSnapshot':
      return { action, cache: text(given, 'cache') };
    default:
      throw new BadRequestException('the body must be JSON with an action that the dashboard has');
  }
}

/** A name for the file system of any platform, another for each cache. */
export function snapshotFile(cache: string): string {
  const readable = cache.replace(/[^\w.-]/g, '_').slice(0, 80);
  const hash = createHash('sha256').update(cache).digest('hex').slice(0, 8);
  return `${readable === cache ? readable : `${readable}-${hash}`}.snapshot`;
}

function text(given: Record<string, unknown>, name: string): string {
  const { [name]: value } = given;
  if (typeof value === 'string' && value !== '') return value;
  throw new BadRequestException(`${name} must be a text that is not empty`);
}

function descriptionOf(action: Action): string {
  const where = action.cache === null ? 'all caches' : `cache "${shownText(action.cache, 100)}"`;
  switch (action.action) {
    case 'invalidateKey':
      return `${where}: key ${shownText(JSON.stringify(action.key.slice(1)), 200)} invalidated`;
    case 'invalidateGroup':
      return `${where}: group ${shownText(JSON.stringify(action.group), 200)} invalidated`;
    case 'invalidateMatching':
      return `${where}: keys matching ${shownText(JSON.stringify(action.pattern), 200)} invalidated`;
    case 'clear':
      return `${where}: cleared`;
    case 'saveSnapshot':
      return `${where}: snapshot saved`;
  }
}

import { BadRequestException, Logger } from '@nestjs/common';
import { isCacheError } from '../../core/index.js';
import type { CacheRegistry } from '../../cache/index.js';
import type { BrowsedCache } from './browsed-cache.js';
import type { Pause } from './pauses.js';
import { shownText } from './shown-text.js';
import type { Action } from './wire.js';

/** What actions work on. */
export interface ActionParts {
  readonly registry: CacheRegistry;
  readonly browse: (cache: string) => BrowsedCache;
  /** Made for one search. */
  readonly pauses: () => Pause;
}

/** Does what the page asks for, and tells the log. Returns how many entries left this node's memory. */
export class Actions {
  private readonly logger = new Logger('CacheDashboard');

  constructor(private readonly parts: ActionParts) {}

  async run(asked: unknown): Promise<number> {
    const action = actionOf(asked);
    try {
      const removed = await this.perform(action);
      this.logger.log(`${descriptionOf(action)}; entries removed: ${removed}`);
      return removed;
    } catch (error) {
      // A pattern that is none.
      if (isCacheError(error, 'CACHE_MISUSE')) throw new BadRequestException(error.message);
      throw error;
    }
  }

  private async perform(action: Action): Promise<number> {
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
      return { action, cache: text(given, 'cache') };
    default:
      throw new BadRequestException('the body must be JSON with an action that the dashboard has');
  }
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
  }
}

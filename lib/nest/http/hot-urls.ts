import { MemoryCache } from '../../engine/index.js';
import type { HttpRoute } from './http-route.js';
import { MAX_REMEMBERED, spellingOf } from './http-key.js';
import type { HttpRequest } from './http-message.js';

const MAX_URLS = 10_000;
/** How long they and their keys are in all: clients choose them. */
const MAX_CHARACTERS = 2_000_000;

/** Which public route a URL leads to, and its key there: known before a router has seen the request. */
export interface HotUrl {
  readonly route: HttpRoute;
  /** `undefined`: the route has a key of the user's, which may depend on more than the URL. */
  readonly ofUrl: string | undefined;
  /** As the router found them in the URL, for that key. */
  readonly params?: unknown;
}

/** URLs as they were spelt by requests that a public route answered. */
export class HotUrls {
  private readonly urls = new MemoryCache<string, HotUrl>({
    maxSize: MAX_URLS,
    maxWeight: MAX_CHARACTERS,
    // Parameters are about as long as the path that they come from.
    weigher: ({ ofUrl }, spelling) => spelling.length + (ofUrl ?? spelling).length,
    policy: 'sieve',
  });

  remember(request: HttpRequest, url: HotUrl): void {
    const spelling = spellingOf(request);
    if (spelling.length <= MAX_REMEMBERED && this.urls.peek(spelling) === undefined) this.urls.put(spelling, url);
  }

  find(request: HttpRequest): HotUrl | undefined {
    return this.urls.get(spellingOf(request));
  }

  dispose(): void {
    this.urls.dispose();
  }
}

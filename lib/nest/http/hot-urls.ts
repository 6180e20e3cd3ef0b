import { MemoryCache } from '../../engine/index.js';
import type { HttpRoute } from './http-route.js';
import { spellingOf } from './http-key.js';
import type { HttpRequest } from './http-message.js';

const MAX_URLS = 10_000;
const MAX_LENGTH = 2_048;

/** Which public route a URL leads to, and its key there: known before a router has seen the request. */
export interface HotUrl {
  readonly route: HttpRoute;
  /** `undefined`: the route has a key of the user's, which may depend on more than the URL. */
  readonly ofUrl: string | undefined;
  /** As the router found them in the URL. */
  readonly params: unknown;
}

/** URLs as they were spelt by requests that a public route answered. */
export class HotUrls {
  private readonly urls = new MemoryCache<string, HotUrl>({ maxSize: MAX_URLS, policy: 'sieve' });

  remember(request: HttpRequest, url: HotUrl): void {
    const spelling = spellingOf(request);
    if (spelling.length <= MAX_LENGTH && this.urls.peek(spelling) === undefined) this.urls.put(spelling, url);
  }

  find(request: HttpRequest): HotUrl | undefined {
    return this.urls.get(spellingOf(request));
  }

  dispose(): void {
    this.urls.dispose();
  }
}

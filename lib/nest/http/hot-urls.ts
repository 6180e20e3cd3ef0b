import { MemoryCache, type KeyPlace } from '../../engine/index.js';
import type { HttpRoute } from './http-route.js';
import { MAX_REMEMBERED, Spelling, spellingOf } from './http-key.js';
import type { HttpRequest } from './http-message.js';

const MAX_URLS = 10_000;
/** How long they and their keys are in all: clients choose them. */
const MAX_CHARACTERS = 2_000_000;
/** A power of two. */
const LATELY = 256;

/** Which public route a URL leads to, and its key there: known before a router has seen the request. */
export interface HotUrl {
  readonly route: HttpRoute;
  /** `undefined`: the route has a key of the user's, which may depend on more than the URL. */
  readonly ofUrl: string | undefined;
  /** Of that key's entry. */
  readonly place?: KeyPlace<string> | undefined;
  /** As the router found them in the URL, for that key. */
  readonly params?: unknown;
}

interface Late {
  readonly spelling: Spelling;
  readonly url: HotUrl;
}

/**
 * URLs as they were spelt by requests that a public route answered.
 *
 * Between two requests a server waits, and what it looks at then has left the processor's cache. So of the URLs that were
 * found lately one stands at each of 256 places, by its length and its end: it is looked at before all of them are.
 */
export class HotUrls {
  private readonly lately: (Late | undefined)[] = Array.from({ length: LATELY }, () => undefined);
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
    const at = placeOf(request.url);
    const late = this.lately[at];
    if (late?.spelling.isOf(request) === true) return late.url;
    const url = this.urls.get(spellingOf(request));
    if (url !== undefined) this.lately[at] = { spelling: new Spelling(request), url };
    return url;
  }

  dispose(): void {
    this.urls.dispose();
    this.lately.fill(undefined);
  }
}

function placeOf(url: string): number {
  const { length } = url;
  return (url.charCodeAt(length - 1) + 31 * url.charCodeAt(length - 2) + 7 * length) & (LATELY - 1);
}

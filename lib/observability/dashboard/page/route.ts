export const VIEWS = { overview: 'Overview', keys: 'Keys', events: 'Events' } as const;

export type ViewName = keyof typeof VIEWS;

/** Which view, of which cache. Kept in the address, so that it can be bookmarked, shared and gone back from. */
export interface Route {
  readonly view: ViewName;
  /** `undefined`: all of them. */
  readonly cache: string | undefined;
  /** The id of the key whose entry is open in the view of keys. */
  readonly key?: string;
}

export function readRoute(): Route {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const view = path in VIEWS ? (path as ViewName) : 'overview'; // just checked
  const parameters = new URLSearchParams(query);
  return { view, cache: parameters.get('cache') ?? undefined, key: parameters.get('key') ?? undefined };
}

export function hrefOf({ view, cache, key }: Route): string {
  const parameters = new URLSearchParams({ ...(cache !== undefined && { cache }), ...(key !== undefined && { key }) });
  return parameters.size === 0 ? `#/${view}` : `#/${view}?${parameters}`;
}

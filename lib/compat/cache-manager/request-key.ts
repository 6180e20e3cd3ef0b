/**
 * The key of a URL: its parameters in the order of their names, so that requests which differ in nothing else share an
 * entry. Parameters of one name keep their order, and nothing is decoded.
 */
export function keyOfUrl(url: string): string {
  const at = url.indexOf('?');
  if (at < 0 || !url.includes('&', at)) return url;
  const parameters = url
    .slice(at + 1)
    .split('&')
    .map((text) => ({ name: text.split('=', 1)[0] ?? '', text }));
  parameters.sort((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0));
  return `${url.slice(0, at)}?${parameters.map(({ text }) => text).join('&')}`;
}

/** Whether a request says who asks: by a header, or because a guard has found out. */
export function hasCredentials(request: unknown): boolean {
  if (typeof request !== 'object' || request === null) return false;
  const { headers, user } = request as { headers?: Record<string, unknown>; user?: unknown };
  return headers?.['authorization'] !== undefined || headers?.['cookie'] !== undefined || (user ?? null) !== null;
}

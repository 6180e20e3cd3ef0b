import type { Action, ActionReport, EntryDetail, HotKeyList, KeyPage } from '../wire.js';

/** The dashboard's own interface, seen from this script: wherever a proxy has put both. */
const API = new URL('../api/', import.meta.url);

/** An answer that is no success. */
export class ServerError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export function address(path: string, parameters: Readonly<Record<string, string>>): URL {
  const url = new URL(path, API);
  for (const [name, value] of Object.entries(parameters)) if (value !== '') url.searchParams.set(name, value);
  return url;
}

export function fetchKeys(
  query: { cache: string; search: string; group: string; offset: number; limit: number },
  signal: AbortSignal,
): Promise<KeyPage> {
  const { cache, search, group, offset, limit } = query;
  const url = address('keys', { search, group, offset: String(offset), limit: String(limit) });
  url.searchParams.set('cache', cache);
  return ask<KeyPage>(url, { signal });
}

export function fetchEntry(cache: string, key: string, signal: AbortSignal): Promise<EntryDetail> {
  const url = address('entry', {});
  url.searchParams.set('cache', cache);
  url.searchParams.set('key', key);
  return ask<EntryDetail>(url, { signal });
}

export function fetchHotKeys(cache: string, signal: AbortSignal): Promise<HotKeyList> {
  const url = address('hot-keys', {});
  url.searchParams.set('cache', cache);
  return ask<HotKeyList>(url, { signal });
}

export function act(action: Action): Promise<ActionReport> {
  return ask<ActionReport>(address('actions', {}), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-strata-action': '1' },
    body: JSON.stringify(action),
  });
}

export async function refusal(response: Response): Promise<ServerError> {
  const text = await response.text().catch(() => '');
  let message = `the server answered ${response.status}`;
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null && 'message' in body) message = String(body.message);
  } catch {
    // Not JSON: the status says enough.
  }
  return new ServerError(response.status, message);
}

async function ask<Answer>(url: URL, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, { credentials: 'same-origin', ...init });
  if (!response.ok) throw await refusal(response);
  return (await response.json()) as Answer; // of our own server
}

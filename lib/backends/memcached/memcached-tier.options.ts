import { OptionProblems, type Duration } from '../../core/index.js';
import { resolveTierOptions, type TierOptions, type TierSettings } from '../../tiers/index.js';
import { MAX_TTL_MS } from './item-life.js';
import type { ServerAddress } from './meta-connection.js';

/** What a Memcached tier can be told, besides what every tier can. */
export interface MemcachedTierOptions extends TierOptions {
  /** As of every tier, but at most 29 days, which is also the default: Memcached takes spans of more than 30 days for dates. */
  readonly ttl?: Duration;
  /**
   * `'host:port'`, or several of them; without a port 11211, an IPv6 address in brackets. Each key belongs to one server, by
   * its hash, and the order of the list means nothing. All processes must name the same servers alike: one that says
   * `localhost` where others say `127.0.0.1` puts keys elsewhere.
   */
  readonly servers: string | readonly string[];
  /**
   * The most bytes of an entry that are offered to the servers. Raise it where they were started with a larger `-I`, to
   * somewhat less than that. @defaultValue 1,047,552: the 1 MiB of a server's default, less what an item needs besides
   */
  readonly maxEntryBytes?: number;
  /**
   * A connection that owes a reply and has been silent for that long is replaced; what waits on it fails. Above 0 and
   * finite. @defaultValue '1s'
   */
  readonly silence?: Duration;
}

export interface MemcachedTierSettings extends TierSettings {
  readonly servers: readonly ServerAddress[];
  readonly maxEntryBytes: number;
  readonly silenceMs: number;
}

const OPTIONS: readonly (keyof MemcachedTierOptions)[] = ['servers', 'maxEntryBytes', 'silence'];
const DEFAULT_PORT = 11_211;
const DEFAULT_TIMEOUT_MS = 500;
const DEFAULT_SILENCE_MS = 1_000;
/** Of the server's default `-I 1m`; its header, key, CAS and flags take up to 400 bytes. */
const DEFAULT_MAX_ENTRY_BYTES = 2 ** 20 - 1_024;
/** The server's own limit of `-I`. */
const MAX_ENTRY_BYTES = 2 ** 30;
const MAX_SERVERS = 1_000;
const SERVER = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i;
const SERVER_RULE = "must be 'host:port', or several in an array, each once";

export function resolveMemcachedOptions(given: MemcachedTierOptions): MemcachedTierSettings {
  const problems = new OptionProblems('memcachedTier');
  const tier = resolveTierOptions(problems, given, { name: 'memcached', timeoutMs: DEFAULT_TIMEOUT_MS }, OPTIONS);
  const silenceMs = problems.duration('silence', given.silence, DEFAULT_SILENCE_MS);
  problems.require(silenceMs > 0 && silenceMs < Infinity, 'silence', 'must be above 0 and finite', given.silence);
  const maxEntryBytes = problems.positiveInteger(
    'maxEntryBytes',
    given.maxEntryBytes,
    DEFAULT_MAX_ENTRY_BYTES,
    MAX_ENTRY_BYTES,
  );
  const isTtl = tier.guard.maxTtlMs === Infinity || tier.guard.maxTtlMs <= MAX_TTL_MS;
  problems.require(isTtl, 'ttl', 'must be at most 29 days: Memcached takes longer spans for dates', given.ttl);
  const servers = resolveServers(problems, given.servers);
  problems.throwIfAny();
  const guard = { ...tier.guard, maxTtlMs: Math.min(tier.guard.maxTtlMs, MAX_TTL_MS) };
  return { name: tier.name, guard, servers, maxEntryBytes, silenceMs };
}

function resolveServers(problems: OptionProblems, given: unknown): readonly ServerAddress[] {
  const texts: readonly unknown[] = Array.isArray(given) ? given : [given];
  const inRange = texts.length > 0 && texts.length <= MAX_SERVERS;
  problems.require(inRange, 'servers', `must name 1 to ${MAX_SERVERS} servers`, given);
  const servers = new Map<string, ServerAddress>();
  for (const text of texts) {
    const server = parseServer(text);
    if (server === undefined || servers.has(server.name)) problems.add('servers', SERVER_RULE, text);
    else servers.set(server.name, server);
  }
  return [...servers.values()];
}

function parseServer(text: unknown): ServerAddress | undefined {
  const parts = typeof text === 'string' ? SERVER.exec(text) : null;
  if (parts === null) return undefined;
  const host = (parts[1] ?? (parts[2] as string)).toLowerCase();
  const port = Number(parts[3] ?? DEFAULT_PORT);
  if (port < 1 || port > 65_535) return undefined;
  return { name: parts[1] === undefined ? `${host}:${port}` : `[${host}]:${port}`, host, port };
}

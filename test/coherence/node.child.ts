/* One node: plays a random program against its caches, and logs what it asked and what it got, until it is killed or told to end. */
import { appendFileSync } from 'node:fs';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { redisBus, redisTier } from '../../lib/backends/redis/index.js';
import { CacheRegistry, defineCache, type Cache } from '../../lib/cache/index.js';
import { seededRandom } from '../../lib/core/index.js';
import type { Change, Line, Seen } from './history.js';
import { CACHES, GROUPS, groupOf, hostMs, KEYS, type NodePlan, type Progress } from './node-plan.js';
import { SourceOfTruth } from './source-of-truth.js';

const plan = JSON.parse(process.argv[2] as string) as NodePlan;
const random = seededRandom(plan.seed);
const source = new SourceOfTruth(plan.folder);
const url = { url: plan.urls, cluster: plan.isCluster };
const registry = new CacheRegistry({ tiers: [redisTier(url)], bus: redisBus(url) });
const caches = new Map<string, Cache<string, string>>();
for (const [name, options] of Object.entries(CACHES)) {
  const definition = defineCache<string, string>(name, options);
  registry.define(definition);
  caches.set(name, registry.get(definition));
}

const PLAYERS = 6;
/** Reads are logged in packs: those that are lost with a killed process are missed by nobody. */
const LINES_AT_ONCE = 200;
/** All nodes read only for so long, after each time in which they read and change. */
const PHASE_MS = 1_500;
const STALL_MS = 60;
const LOOK_MS = 20;

let lines: string[] = [];
let operations = 0;
let made = 0;
let isEnding = false;

function log(line: Line): void {
  lines.push(`${JSON.stringify(line)}\n`);
  if (lines.length >= LINES_AT_ONCE) flush();
}

/** What somebody may depend on is in the log before it happens. */
function logNow(line: Line): void {
  log(line);
  flush();
}

function flush(): void {
  appendFileSync(plan.log, lines.join(''));
  lines = [];
}

function pick<T>(from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T;
}

function nextId(): string {
  return `${plan.node}#${++made}`;
}

async function load(cache: string, key: string): Promise<string> {
  const version = source.current(cache, key);
  const by = nextId();
  const chance = random();
  if (chance < 0.3) await sleep(random() * 20);
  else if (chance < 0.32) await sleep(random() * 400);
  return `${version} ${by}`;
}

function seenIn(value: string | undefined): Seen | undefined {
  const [version, by] = value?.split(' ') ?? [];
  return version === undefined || by === undefined ? undefined : { version: Number(version), by };
}

async function read(name: string, key: string): Promise<void> {
  const cache = caches.get(name) as Cache<string, string>;
  const loads = random() < 0.7;
  const startedAt = hostMs();
  const value = await (loads
    ? cache.getOrLoad(key, (_, context) => {
        if (random() < 0.5) {
          context.groups(groupOf(key));
          return load(name, key);
        }
        return load(name, key).then((loaded) => {
          context.groups(groupOf(key));
          return loaded;
        });
      })
    : cache.get(key));
  const seen = seenIn(value);
  log({ line: 'read', cache: name, key, at: [startedAt, hostMs()], ...(seen !== undefined && { seen }) });
}

async function change(name: string, key: string): Promise<void> {
  const cache = caches.get(name) as Cache<string, string>;
  const chance = random();
  const kind = chance < 0.45 ? 'put' : chance < 0.8 ? 'invalidate' : chance < 0.95 ? 'group' : 'clear';
  const group = pick(GROUPS);
  const keys = kind === 'clear' ? KEYS : kind === 'group' ? KEYS.filter((one) => groupOf(one) === group) : [key];
  const id = nextId();
  const floors = keys.map((one) => [one, source.raise(name, one)] as const);
  // A put waits behind what the tier could not take before, without a word.
  const isInTier = CACHES[name]?.onTierError === 'throw' && kind !== 'put';
  const begun: Omit<Change, 'endedAt' | 'node'> = { kind, id, cache: name, floors, startedAt: hostMs(), isInTier };
  logNow({ line: 'begin', change: begun });
  if (kind === 'put') await cache.put(key, `${floors[0]?.[1]} ${id}`, { groups: [groupOf(key)] });
  else if (kind === 'invalidate') await cache.invalidate(key);
  else if (kind === 'group') await cache.invalidateGroup(group);
  else await cache.clear();
  logNow({ line: 'end', id, endedAt: hostMs() });
}

/** Some keys change rarely: what goes wrong with them is not soon covered up. */
function keyToChange(): string {
  return KEYS[Math.floor(random() ** 2 * KEYS.length)] as string;
}

async function play(): Promise<void> {
  while (!isEnding) {
    const name = pick([...caches.keys()]);
    const isQuiet = Math.floor(hostMs() / PHASE_MS) % 2 === 1;
    const step = !isQuiet && random() < 0.12 ? change(name, keyToChange()) : read(name, pick(KEYS));
    // Only a cache that throws what its tier does rejects.
    await step.catch((error: unknown) => {
      if (CACHES[name]?.onTierError !== 'throw') throw error;
    });
    operations++;
    if (random() < 0.5) await nextTurn();
    else await sleep(random() * 10);
  }
}

/** Says when the event loop stood still, or the bus was not heard yet: the node could neither hear nor answer. */
function watchStalls(): void {
  let lastMs = hostMs();
  let hasHeard = false;
  setInterval(() => {
    const nowMs = hostMs();
    if (!hasHeard) logNow({ line: 'stall', from: lastMs, to: nowMs });
    else if (nowMs - lastMs > LOOK_MS + STALL_MS) log({ line: 'stall', from: lastMs, to: nowMs });
    hasHeard ||= [...caches.values()].some((cache) => cache.stats().bus?.trusted);
    lastMs = nowMs;
  }, LOOK_MS).unref();
}

process.on('message', () => {
  isEnding = true;
});
function tell(): void {
  if (process.connected) process.send?.({ operations } satisfies Progress);
  operations = 0;
}
const telling = setInterval(tell, 100);
watchStalls();
await Promise.all(Array.from({ length: PLAYERS }, play));
flush();
clearInterval(telling);
tell();
await registry.close();
if (process.connected) process.disconnect();

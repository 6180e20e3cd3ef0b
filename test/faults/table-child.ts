import { startMemcached, startRedis } from '../servers/index.js';
import { lmdbScenes } from './lmdb-scenes.js';
import { memcachedScenes } from './memcached-scenes.js';
import { clusterScenes, loadingScene, redisScenes } from './redis-scenes.js';
import { runScene, type Outcome } from './run-scene.js';
import type { Scene } from './scene.js';
import { lateWaits } from './table.js';
import { OPERATIONS } from './workload.js';

/*
 * Runs the scenes one after the other, and tells each outcome in a line of JSON; in the last line what reached the process
 * that should not. An argument narrows them to those whose names have it.
 */
const faultMs = Number(process.env['STRATA_FAULT_MS'] ?? 800);
const recoveryMs = Number(process.env['STRATA_RECOVERY_MS'] ?? 10_000);
const LINGERS_AFTER_MS = 3_000;
/** A wait that is too long may be that of another process for the processor: it counts if it is there each time. */
const MOST_PLAYS = 3;
const only = process.argv[2] ?? '';
const durations = { beforeMs: 300, faultMs, afterMs: 300, recoveryMs };

const strays: string[] = [];
for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
  process.on(event, (error: unknown) =>
    strays.push(`${event}: ${error instanceof Error ? error.stack : String(error)}`),
  );
}
const tell = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

const [redis, memcached] = await Promise.all([startRedis(), startMemcached()]);
const scenes: Scene[] = [
  ...redisScenes(redis),
  loadingScene(),
  ...clusterScenes(),
  ...memcachedScenes(memcached, redis),
  ...lmdbScenes(redis),
].filter(({ below, fault }) => `${below}: ${fault}`.includes(only));
for (const [at, scene] of scenes.entries()) {
  for (let play = 1; ; play++) {
    const outcome = await runScene(scene, `scene${at}-${play}`, durations);
    await redis.command('FLUSHALL');
    if (play < MOST_PLAYS && isOnlyLate(outcome)) continue;
    tell({ ...outcome, plays: play });
    break;
  }
}
await Promise.all([redis.stop(), memcached.stop()]);
// What is still there a while after everything was closed.
setTimeout(() => {
  tell({ strays, lingering: process.getActiveResourcesInfo() });
  process.exit();
}, LINGERS_AFTER_MS).unref();
process.once('beforeExit', () => tell({ strays, lingering: [] }));

function isOnlyLate(outcome: Outcome): boolean {
  const isRight = OPERATIONS.every((operation) => {
    const { errors, outdated, wrong } = outcome.cells[operation];
    return errors + outdated + wrong === 0;
  });
  return isRight && outcome.unrecovered === undefined && outcome.staleAfter === 0 && lateWaits(outcome).length > 0;
}

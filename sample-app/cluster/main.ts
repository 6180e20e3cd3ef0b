/*
 * Three city guides behind a proxy, on one database and one Redis, while Redis is killed, a guide is killed, and both come
 * back; a table says what readers and an editor saw of it. Everything runs on this machine, on free ports, and ends with
 * this process, after about a minute.
 */
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../load/random.js';
import type { Child } from './child.js';
import { DemoRedis, type GuideNode, startDatabase, startNode } from './processes.js';
import { type PhaseSight, table } from './report.js';
import { RoundRobin } from './round-robin.js';
import { Users } from './users.js';

const SEED = 20_261;
const NODES = 3;
const LEGEND = `errors: answers other than 200, and none. stale reads: they showed less than an edit that had been confirmed
before they were sent; stale by: how long before, at most. A node that is cut off shows nothing older than 3 seconds.`;

async function main(): Promise<void> {
  const seconds = secondsOfPhase(process.argv.slice(2));
  const children: { end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> }[] = [];
  const proxy = new RoundRobin();
  let redis: DemoRedis | undefined;
  let users: Users | undefined;
  try {
    say('starting Redis, a database and three city guides …');
    const [server, database] = await Promise.all([DemoRedis.start(), startDatabase()]);
    redis = server;
    children.push(database.child);
    const start = (): Promise<GuideNode> => startNode(database.url, server.url);
    const nodes = await Promise.all(Array.from({ length: NODES }, start));
    children.push(...nodes.map(({ child }) => child));
    proxy.use(nodes.map(({ address }) => address));
    users = new Users(await proxy.listen(), seededRandom(SEED));

    const seen: PhaseSight[] = [];
    const phase = async (name: string, event: () => Promise<void>): Promise<void> => {
      say(`${name} …`);
      const startedMs = performance.now();
      await event();
      await sleep(seconds * 1_000);
      seen.push({ name, seconds: (performance.now() - startedMs) / 1_000, sight: (users as Users).takeSight() });
    };
    await phase('the caches are cold', async () => {});
    await phase('all is well', async () => {});
    await phase('Redis is killed', () => server.kill());
    await phase('Redis comes back, empty', () => server.start());
    await phase('a node is killed', () => killNode(nodes[0]));
    await phase('the node comes back', async () => {
      const again = await start();
      children.push(again.child);
      proxy.use([again, ...nodes.slice(1)].map(({ address }) => address));
    });
    say(`\n${table(seen)}\n\n${LEGEND}`);
    for (const { name, sight } of seen) {
      if (sight.firstError !== undefined) say(`first error while ${name}: ${sight.firstError.replace(/\s+/g, ' ')}`);
    }
  } finally {
    await users?.stop();
    proxy.close();
    await Promise.allSettled(children.map((child) => child.end('SIGTERM')));
    await redis?.stop();
  }
}

/** `--seconds 7`: how long each of the six phases lasts. */
function secondsOfPhase(args: readonly string[]): number {
  const { seconds = '7' } = parseArgs({ args: [...args], options: { seconds: { type: 'string' } } }).values;
  if (Number(seconds) > 0 && Number(seconds) <= 600) return Number(seconds);
  throw new Error(`--seconds takes a number above 0, up to 600, not "${seconds}"`);
}

async function killNode(node: { readonly child: Child } | undefined): Promise<void> {
  await node?.child.end('SIGKILL');
}

function say(text: string): void {
  console.log(text);
}

// An exit takes our processes along; a signal alone would not.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => process.exit(code));
}
main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);

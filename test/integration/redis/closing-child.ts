import { setTimeout as after } from 'node:timers/promises';
import { redisTier } from '../../../lib/backends/redis/index.js';
import { CLUSTER, SINGLE, type Access } from '../../contract/redis-clients.js';

/*
 * Opens tiers by every client, again and again, and closes them each time a little later than before: while the clients
 * connect, introduce themselves, ask where slots are, connect to those servers, send. It never calls process.exit(), so
 * that it ends only when nothing holds it.
 */
const CLOSINGS = 10;
const STEP_MS = 1;

const ports = process.argv.slice(2).map(Number);
const [port = 0] = ports;
const ways: (() => Access)[] =
  ports.length === 1
    ? Object.values(SINGLE).map((accessTo) => () => accessTo(port))
    : Object.values(CLUSTER).map((accessTo) => () => accessTo(ports.map((of) => ({ host: '127.0.0.1', port: of }))));

async function openAndClose(accessTo: () => Access, closing: number): Promise<void> {
  const { options, end } = accessTo();
  const tier = redisTier(options);
  tier.start(() => {});
  const asked = tier.read('strata:life', ['k'], []).catch(() => {});
  if (closing > 0) await after(closing * STEP_MS);
  await tier.close();
  await asked;
  end();
}

for (const accessTo of ways) {
  for (let closing = 0; closing < CLOSINGS; closing++) await openAndClose(accessTo, closing);
}

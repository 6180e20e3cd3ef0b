import { parentPort } from 'node:worker_threads';
import { broadcastBus, clusterBus } from '../../lib/backends/local/index.js';
import type { Bus } from '../../lib/tiers/index.js';
import type { Ask, Told } from './remote-node.js';

/*
 * A node with as many buses as it is asked for, in a worker of a cluster or in a worker thread: does with them what it is
 * asked to, and tells what they tell.
 */
const buses = new Map<number, Bus>();

function tell(told: Told): void {
  if (parentPort === null) process.send?.(told);
  else parentPort.postMessage(told);
}

async function obey(ask: Ask): Promise<void> {
  const { bus: at } = ask;
  const bus = buses.get(at) ?? (parentPort === null ? clusterBus() : broadcastBus());
  buses.set(at, bus);
  switch (ask.ask) {
    case 'start':
      bus.start(ask.channel, {
        message: (text) => tell({ told: 'message', bus: at, text }),
        connected: (continuity) => tell({ told: 'connected', bus: at, continuity }),
        disconnected: (reason) => tell({ told: 'disconnected', bus: at, reason: String(reason) }),
        error: (error) => tell({ told: 'error', bus: at, error: String(error) }),
      });
      return;
    case 'publish':
      await bus.publish(ask.messages);
      return;
    case 'close':
      await bus.close();
  }
}

function onMessage(message: unknown): void {
  const ask = message as Ask; // both ends are ours
  if (typeof ask?.ask !== 'string') return;
  obey(ask).then(
    () => tell({ told: 'done', bus: ask.bus, id: ask.id }),
    (error) => tell({ told: 'done', bus: ask.bus, id: ask.id, error: String(error) }),
  );
}

if (parentPort === null) process.on('message', onMessage);
else parentPort.on('message', onMessage);
tell({ told: 'ready' });

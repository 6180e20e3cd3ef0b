import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Tier } from '../../lib/tiers/index.js';

/** What a memcached server answers to these lines, its last line being that of a no-op. */
export function tellMemcached(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    let answer = '';
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`closed after ${JSON.stringify(answer)}`)));
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (!answer.endsWith('MN\r\n')) return;
      resolve(answer.slice(0, -'MN\r\n'.length));
      socket.destroy();
    });
    socket.write(`${text}\r\nmn\r\n`, 'latin1');
  });
}

/** Makes a memcached server forget all it holds. */
export async function flushMemcached(port: number): Promise<void> {
  await tellMemcached(port, 'flush_all');
}

/** Starts a tier and waits until each of its servers answers: before that its calls are rejected. */
export async function untilConnected(tier: Tier, report: (error: unknown) => void = () => {}): Promise<void> {
  tier.start(report);
  await untilAnswering(tier);
}

/** Waits until each of a tier's servers answers. */
export async function untilAnswering(tier: Tier): Promise<void> {
  // Enough for some to belong to each server.
  const generations = Array.from({ length: 64 }, (_, i) => `${i}`);
  for (;;) {
    try {
      await tier.read('any', [], generations);
      return;
    } catch {
      await sleep(5);
    }
  }
}

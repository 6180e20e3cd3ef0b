import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

const READY_WITHIN_MS = 10_000;

/** A Redis server of its own on loopback, which ends with this process. */
export async function startServer() {
  const port = await freePort();
  const server = spawn('redis-server', ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], {
    stdio: 'ignore',
  });
  let failure;
  server.once('error', (error) => (failure = error));
  process.once('exit', () => server.kill('SIGKILL'));
  for (const deadlineMs = performance.now() + READY_WITHIN_MS; ; await sleep(20)) {
    if (failure !== undefined) throw new Error(`redis-server does not start: ${failure.message}; is it installed?`);
    const client = new Redis({ port, lazyConnect: true, retryStrategy: null });
    client.on('error', () => {});
    const pong = await client
      .connect()
      .then(() => client.ping())
      .catch(() => undefined);
    client.disconnect();
    if (pong === 'PONG') return { port, url: `redis://127.0.0.1:${port}` };
    if (performance.now() > deadlineMs) throw new Error('redis-server does not answer');
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

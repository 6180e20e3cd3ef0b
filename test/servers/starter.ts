import { startRedis } from './redis.js';

/* Starts a server, tells its port and stays, for the test of what then happens to the server when this is killed. */
const { port } = await startRedis();
process.stdout.write(`${JSON.stringify({ port })}\n`);
setInterval(() => undefined, 1_000);

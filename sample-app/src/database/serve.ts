/*
 * Serves one database to several nodes of the guide, on a port of the loopback that its first line tells. It runs the SQL
 * that it is sent: for demonstrations and tests on one machine.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { CacheRegistry } from 'nestjs-strata';
import { Settings } from '../settings/settings.js';
import { DatabaseService } from './database.service.js';
import type { Statement } from './database.worker.js';
import { FillService } from './fill.service.js';
import type { HttpAnswer } from './http-connection.js';
import { QueryCounter } from './query-counter.js';

const database = new DatabaseService(new QueryCounter());
const fill = new FillService(Settings.from(process.env), database, new CacheRegistry());
await fill.run();

const server = createServer((request, response) => {
  void json(request)
    .then(async (statements): Promise<HttpAnswer> => ({ rows: await database.run(...(statements as Statement[])) }))
    .catch((error: unknown): HttpAnswer => ({ error: error instanceof Error ? error.message : String(error) }))
    .then((answer) => response.end(JSON.stringify(answer)));
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo; // it listens on a port
  console.log(`http://127.0.0.1:${port}`);
});
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  fill.onModuleDestroy();
  void fill.onApplicationShutdown();
});

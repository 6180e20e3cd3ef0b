/*
 * Postgres in a thread of its own: a query computes for a tenth of a second, and meanwhile the web server goes on
 * answering what the caches know. The database service is the only one that talks to it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';

/** Statements that succeed or fail together. */
export interface DatabaseRequest {
  readonly id: number;
  readonly statements: readonly Statement[];
}

export interface Statement {
  readonly sql: string;
  readonly parameters?: readonly unknown[];
}

/** `rows` are those of the last statement. */
export type DatabaseResponse =
  { readonly id: number; readonly rows: readonly object[] } | { readonly id: number; readonly error: string };

/** Where the database lives; without a folder, in memory. */
export interface DatabaseLocation {
  readonly folder: string | undefined;
}

if (parentPort === null) throw new Error('database.worker is started by the database service, as a worker thread');
const port = parentPort;
const location = workerData as DatabaseLocation; // handed over by the database service
const database = await PGlite.create(location.folder);

port.on('message', (request: DatabaseRequest | 'close') => {
  if (request === 'close') {
    void database.close().finally(() => port.close());
    return;
  }
  void answer(request).then((response) => port.postMessage(response));
});
port.postMessage('open');

async function answer({ id, statements }: DatabaseRequest): Promise<DatabaseResponse> {
  try {
    const rows = await database.transaction(async (transaction) => {
      let last: readonly object[] = [];
      for (const { sql, parameters } of statements) {
        last = (await transaction.query<object>(sql, parameters && [...parameters])).rows;
      }
      return last;
    });
    return { id, rows };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}

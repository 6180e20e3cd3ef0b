import { Injectable } from '@nestjs/common';
import type { DatabaseAddress, DatabaseConnection } from './database-connection.js';
import type { Statement } from './database.worker.js';
import { HttpConnection } from './http-connection.js';
import { QueryCounter } from './query-counter.js';
import { WorkerConnection } from './worker-connection.js';

/** The Postgres of this app. Every query that the services make passes here, and is counted here. */
@Injectable()
export class DatabaseService {
  private connection: DatabaseConnection | undefined;

  constructor(private readonly counter: QueryCounter) {}

  /** Starts the database; a new one takes some seconds to come up. */
  async open(address: DatabaseAddress): Promise<void> {
    if ('url' in address) {
      this.connection = new HttpConnection(address.url);
      return;
    }
    const connection = new WorkerConnection(address);
    this.connection = connection;
    await connection.opened();
  }

  /** The rows of one query, with `$1`, `$2` … standing for the parameters. */
  async query<Row extends object>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    this.counter.count();
    // The row's shape is the caller's promise: it stands beside the SQL that selects it.
    return (await this.send([{ sql, parameters }])) as Row[];
  }

  /** The last statement's rows. All run in one transaction, uncounted: this is for the fill, not for answers. */
  async run<Row extends object>(...statements: Statement[]): Promise<Row[]> {
    return (await this.send(statements)) as Row[]; // as above
  }

  /** Lets running statements end, then closes; a database that is still coming up is abandoned at once. */
  async close(): Promise<void> {
    const { connection } = this;
    this.connection = undefined;
    await connection?.close();
  }

  private send(statements: readonly Statement[]): Promise<readonly object[]> {
    return this.connection?.send(statements) ?? Promise.reject(new Error('the database is closed'));
  }
}

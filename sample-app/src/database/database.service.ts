/* oxlint-disable unicorn/require-post-message-target-origin -- a worker thread is not a window, and has no origin */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Injectable } from '@nestjs/common';
import type { DatabaseLocation, DatabaseRequest, DatabaseResponse, Statement } from './database.worker.js';
import { QueryCounter } from './query-counter.js';

interface Waiting {
  resolve(rows: readonly object[]): void;
  reject(error: Error): void;
}

/** The Postgres of this app. Every query that the services make passes here, and is counted here. */
@Injectable()
export class DatabaseService {
  private worker: Worker | undefined;
  private isOpen = false;
  private lastId = 0;
  private readonly waiting = new Map<number, Waiting>();

  constructor(private readonly counter: QueryCounter) {}

  /** Starts the database; a new one takes some seconds to come up. */
  async open(location: DatabaseLocation): Promise<void> {
    const worker = new Worker(new URL('./database.worker.js', import.meta.url), { workerData: location });
    this.worker = worker;
    await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('the database was closed before it was open')));
    });
    this.isOpen = true;
    worker.on('message', (response: DatabaseResponse) => this.settle(response));
    worker.on('error', (error) => this.abandon(error));
    worker.on('exit', () => this.abandon(new Error('the database is closed')));
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
    const { worker, isOpen } = this;
    if (worker === undefined) return;
    this.worker = undefined;
    const exited = once(worker, 'exit');
    if (isOpen) worker.postMessage('close');
    else await worker.terminate();
    await exited;
  }

  private send(statements: readonly Statement[]): Promise<readonly object[]> {
    const { worker } = this;
    if (worker === undefined) return Promise.reject(new Error('the database is closed'));
    const request: DatabaseRequest = { id: ++this.lastId, statements };
    return new Promise((resolve, reject) => {
      this.waiting.set(request.id, { resolve, reject });
      worker.postMessage(request);
    });
  }

  private settle(response: DatabaseResponse): void {
    const waiting = this.waiting.get(response.id);
    this.waiting.delete(response.id);
    if ('error' in response) waiting?.reject(new Error(`the database refused a statement: ${response.error}`));
    else waiting?.resolve(response.rows);
  }

  private abandon(error: Error): void {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}

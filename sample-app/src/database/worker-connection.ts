/* oxlint-disable unicorn/require-post-message-target-origin -- a worker thread is not a window, and has no origin */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type DatabaseConnection, refused } from './database-connection.js';
import type { DatabaseLocation, DatabaseRequest, DatabaseResponse, Statement } from './database.worker.js';

interface Waiting {
  resolve(rows: readonly object[]): void;
  reject(error: Error): void;
}

/** The way to a database in a thread of this process. */
export class WorkerConnection implements DatabaseConnection {
  private readonly worker: Worker;
  private isOpen = false;
  private isClosed = false;
  private lastId = 0;
  private readonly waiting = new Map<number, Waiting>();

  constructor(location: DatabaseLocation) {
    this.worker = new Worker(new URL('./database.worker.js', import.meta.url), { workerData: location });
  }

  /** Waits for the database; a new one takes some seconds to come up. */
  async opened(): Promise<void> {
    const { worker } = this;
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

  send(statements: readonly Statement[]): Promise<readonly object[]> {
    if (this.isClosed) return Promise.reject(new Error('the database is closed'));
    const request: DatabaseRequest = { id: ++this.lastId, statements };
    return new Promise((resolve, reject) => {
      this.waiting.set(request.id, { resolve, reject });
      this.worker.postMessage(request);
    });
  }

  /** One that is still coming up is abandoned at once. */
  async close(): Promise<void> {
    const { worker, isOpen } = this;
    this.isClosed = true;
    const exited = once(worker, 'exit');
    if (isOpen) worker.postMessage('close');
    else await worker.terminate();
    await exited;
  }

  private settle(response: DatabaseResponse): void {
    const waiting = this.waiting.get(response.id);
    this.waiting.delete(response.id);
    if ('error' in response) waiting?.reject(refused(response.error));
    else waiting?.resolve(response.rows);
  }

  private abandon(error: Error): void {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}

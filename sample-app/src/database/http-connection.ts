import { type DatabaseConnection, refused } from './database-connection.js';
import type { Statement } from './database.worker.js';

/** What the process that serves a database answers. */
export type HttpAnswer = { readonly rows: readonly object[] } | { readonly error: string };

/** The way to a database that another process serves (`serve.ts`), as several nodes of the guide have one database. */
export class HttpConnection implements DatabaseConnection {
  private readonly running = new Set<Promise<unknown>>();

  constructor(private readonly url: string) {}

  async send(statements: readonly Statement[]): Promise<readonly object[]> {
    const asked = fetch(this.url, { method: 'POST', body: JSON.stringify(statements) });
    this.running.add(asked);
    try {
      const response = await asked;
      const answer = (await response.json()) as HttpAnswer; // what the server is written to send
      if ('error' in answer) throw refused(answer.error);
      return answer.rows;
    } finally {
      this.running.delete(asked);
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.running);
  }
}

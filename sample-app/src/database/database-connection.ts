import type { Statement } from './database.worker.js';

/** A way to a database. */
export interface DatabaseConnection {
  /** The last statement's rows. All run in one transaction. */
  send(statements: readonly Statement[]): Promise<readonly object[]>;
  /** Lets running statements end first. */
  close(): Promise<void>;
}

/** Where a database is: in a folder of this process (without one, in memory), or with another process. */
export type DatabaseAddress = { readonly folder: string | undefined } | { readonly url: string };

export function refused(reason: string): Error {
  return new Error(`the database refused a statement: ${reason}`);
}

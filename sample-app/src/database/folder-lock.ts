import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { realpathSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** Another running app keeps its database in the folder. */
export class FolderInUseError extends Error {
  override readonly name = 'FolderInUseError';

  constructor(folder: string, holder: string) {
    super(
      `process ${holder} keeps its database in ${folder}; stop it, or set STRATA_DATA to another folder or to "memory"`,
    );
  }
}

/**
 * Lets one process at a time use a folder. The lock is a local socket that its holder listens on: the system closes it
 * however the process ends, so a lock never outlives its holder, and nobody has to guess from a process number.
 */
export class FolderLock {
  private server: Server | undefined;

  constructor(private readonly folder: string) {}

  /** Takes the lock of an existing folder, or throws {@link FolderInUseError}. */
  async take(): Promise<void> {
    const path = socketPath(this.folder);
    try {
      this.server = await listen(path);
    } catch (error) {
      if (!hasCode(error, 'EADDRINUSE')) throw error;
      const holder = await askHolder(path);
      if (holder !== undefined) throw new FolderInUseError(this.folder, holder);
      // What a killed process left behind.
      rmSync(path, { force: true });
      this.server = await listen(path);
    }
  }

  release(): void {
    this.server?.close();
  }
}

/** Short, whatever the folder: the system allows some hundred characters. */
function socketPath(folder: string): string {
  const name = createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 24);
  return process.platform === 'win32' ? `\\\\.\\pipe\\city-guide-${name}` : join(tmpdir(), `city-guide-${name}.sock`);
}

/** Tells its process number to whoever connects. Does not keep the process running. */
async function listen(path: string): Promise<Server> {
  const server = createServer((socket) => socket.end(String(process.pid))).unref();
  server.listen(path);
  await once(server, 'listening');
  return server;
}

/** The process number of the holder; `undefined` when nobody listens. */
async function askHolder(path: string): Promise<string | undefined> {
  try {
    return await text(connect(path));
  } catch {
    return undefined;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

import { ServerProcess } from './server-process.js';

/** How a memcached server is started. */
export interface MemcachedOptions {
  /** What it may hold, in megabytes. @defaultValue 64 */
  readonly memoryMb?: number;
  /** The largest item: `'4m'`. @defaultValue `'1m'` */
  readonly maxItemSize?: string;
  /** Further arguments. */
  readonly args?: readonly string[];
}

/** A memcached server. */
export class MemcachedServer {
  constructor(private readonly server: ServerProcess) {}

  get port(): number {
    return this.server.port;
  }

  /** As clients write it: `127.0.0.1:20123`. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get pid(): number | undefined {
    return this.server.pid;
  }

  get log(): string {
    return this.server.log;
  }

  kill = (): Promise<void> => this.server.kill();
  terminate = (): Promise<void> => this.server.terminate();
  pause = (): void => this.server.pause();
  resume = (): void => this.server.resume();
  restart = (): Promise<void> => this.server.restart();
  stop = (): Promise<void> => this.server.stop();
}

/** Starts a memcached server on a free port. */
export async function startMemcached(options: MemcachedOptions = {}): Promise<MemcachedServer> {
  const { memoryMb = 64, maxItemSize = '1m', args = [] } = options;
  const isRoot = process.getuid?.() === 0;
  const server = await ServerProcess.start({
    program: 'memcached',
    debianPackage: 'memcached',
    ports: 1,
    args: ([port]) => [
      ...['-l', '127.0.0.1', '-p', String(port), '-U', '0', '-m', String(memoryMb), '-I', maxItemSize],
      // It refuses to run as root unless it is told as whom.
      ...(isRoot ? ['-u', 'root'] : []),
      ...args,
    ],
    greeting: { say: 'version\r\n', ready: /^(VERSION|ERROR|CLIENT_ERROR)/ },
  });
  return new MemcachedServer(server);
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const ENTRY = fileURLToPath(new URL('../main.js', import.meta.url));

/** What `/stats` says of one cache, as far as the load reads it. */
interface Lookups {
  readonly gets: number;
  readonly hits: number;
}

/** What an app has done up to now. */
export interface Work {
  readonly queries: number;
  readonly gets: number;
  readonly hits: number;
}

/** A city guide on this machine: one that runs already, or one of our own on a free port. */
export class GuideApp {
  private constructor(
    readonly address: string,
    private readonly process: ChildProcess | undefined,
  ) {}

  /** The app that answers on that port, or `undefined`. */
  static async running(port: number): Promise<GuideApp | undefined> {
    const app = new GuideApp(`http://localhost:${port}`, undefined);
    const state = await app.state();
    if (state !== undefined && state !== 'ready') {
      throw new Error(`the app at ${app.address} is still filling its database; try again when it is done`);
    }
    return state === undefined ? undefined : app;
  }

  /** Starts an app on a free port and waits until its database is ready. It ends with this process at the latest. */
  static async start(environment: NodeJS.ProcessEnv, deadlineMs: number): Promise<GuideApp> {
    const child = spawn(process.execPath, [ENTRY], {
      env: { ...process.env, ...environment, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    process.once('exit', () => child.kill());
    const deadline = setTimeout(() => child.kill(), deadlineMs);
    try {
      return new GuideApp(await readyAddress(child.stdout), child);
    } finally {
      clearTimeout(deadline);
    }
  }

  async work(): Promise<Work> {
    const [{ queries }, { caches }] = await Promise.all([
      this.json<{ queries: number }>('/progress'),
      this.json<{ caches: Record<string, Lookups> }>('/stats'),
    ]);
    const all = Object.values(caches);
    return {
      queries,
      gets: all.reduce((sum, { gets }) => sum + gets, 0),
      hits: all.reduce((sum, { hits }) => sum + hits, 0),
    };
  }

  /** Ends the app if it is our own. */
  async stop(): Promise<void> {
    const child = this.process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  }

  /** The state of its database; `undefined` when nobody answers, or somebody else. */
  private async state(): Promise<string | undefined> {
    try {
      return (await this.json<{ state?: string }>('/progress', AbortSignal.timeout(3_000))).state;
    } catch {
      return undefined;
    }
  }

  private async json<Body>(path: string, signal?: AbortSignal): Promise<Body> {
    const response = await fetch(this.address + path, { signal });
    return (await response.json()) as Body; // what the app documents for this address
  }
}

async function readyAddress(output: Readable): Promise<string> {
  let address: string | undefined;
  for await (const line of createInterface({ input: output })) {
    address ??= /http:\/\/localhost:\d+/.exec(line)?.[0];
    if (address !== undefined && line.includes('are ready')) return address;
  }
  throw new Error('the app ended, or took too long, before its database was ready');
}

import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a real server is started with. */
export interface ServerPlan {
  /** The program, as it is found in the PATH. */
  readonly program: string;
  /** The Debian package that has it. */
  readonly debianPackage: string;
  /** How many ports it listens on; the first is `port`. */
  readonly ports: number;
  args(ports: readonly number[], folder: string): readonly string[];
  /** What is said to the port, and what then comes when the server is ready. */
  readonly greeting: { readonly say: string; readonly ready: RegExp };
}

/** Below the range that systems take local ports from, so that no connection of a client takes it while a server is down. */
const LOWEST_PORT = 15_000;
const HIGHEST_PORT = 32_000;
const START_ATTEMPTS = 5;
const READY_WITHIN_MS = 20_000;
const DEFAULT_PORTS = new Set([16_379, 26_379, 27_017, 31_211]);

/**
 * A server of its own for a test: on a free port of the loopback, in a folder of its own, and never alive for longer than
 * the process that started it, however that ends.
 */
export class ServerProcess {
  private child: ChildProcess | undefined;
  private output = '';
  private readonly onExit = (): void => void this.child?.kill('SIGKILL');

  private constructor(
    private readonly plan: ServerPlan,
    private ports: readonly number[],
    /** Its own, removed by `stop()`. */
    readonly folder: string,
  ) {
    process.once('exit', this.onExit);
  }

  static async start(plan: ServerPlan): Promise<ServerProcess> {
    requireProgram(plan);
    const folder = await mkdtemp(join(tmpdir(), `strata-${plan.program}-`));
    const server = new ServerProcess(plan, [], folder);
    try {
      for (let attempt = 1; ; attempt++) {
        server.ports = await freePorts(plan.ports);
        try {
          await server.launch();
          return server;
        } catch (error) {
          // Somebody else may have taken the port between our look at it and the server's.
          if (attempt === START_ATTEMPTS || !/in use|failed to listen/i.test(String(error))) throw error;
        }
      }
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get port(): number {
    return this.ports[0] as number;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  get isRunning(): boolean {
    return this.child !== undefined;
  }

  /** What it printed so far. */
  get log(): string {
    return this.output;
  }

  /** Ends it at once, as a crash does (SIGKILL). */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Lets it end by itself (SIGTERM): it closes its connections, and saves what it was told to save. */
  async terminate(): Promise<void> {
    await this.end('SIGTERM');
  }

  /** Stops it where it stands (SIGSTOP): its connections stay open, and nothing is answered. */
  pause(): void {
    this.child?.kill('SIGSTOP');
  }

  /** Lets it go on after `pause()`. */
  resume(): void {
    this.child?.kill('SIGCONT');
  }

  /** Starts it again on its port and in its folder; one that runs is killed before. */
  async restart(): Promise<void> {
    await this.kill();
    await this.launch();
  }

  /** Ends it and removes its folder. */
  async stop(): Promise<void> {
    await this.kill();
    process.off('exit', this.onExit);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  private async launch(): Promise<void> {
    const [command, ...args] = boundToUs([this.plan.program, ...this.plan.args(this.ports, this.folder)]);
    const child = spawn(command as string, args, { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    // Nothing of it keeps the test's process alive.
    child.unref();
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
      if ('unref' in stream) (stream as unknown as { unref(): void }).unref();
    }
    this.child = child;
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(`it could not be started: ${error.message}`));
      child.once('exit', (code, signal) => resolve(`it ended with ${code ?? signal}`));
    });
    void ended.then(() => {
      if (this.child === child) this.child = undefined;
    });
    const deadline = new AbortController();
    const failure = await Promise.race([
      ended,
      this.ready(deadline.signal),
      sleep(READY_WITHIN_MS, `it is not ready after ${READY_WITHIN_MS} ms`, { signal: deadline.signal, ref: true }),
    ]);
    deadline.abort();
    if (failure !== undefined) {
      await this.kill();
      throw new Error(`${this.plan.program} on port ${this.port}: ${failure}\n${this.output}`);
    }
  }

  /** Resolves when it answers. */
  private async ready(until: AbortSignal): Promise<undefined> {
    while (!until.aborted) {
      if (await answers(this.port, this.plan.greeting)) return undefined;
      await sleep(5);
    }
    return undefined;
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (child === undefined) return;
    this.child = undefined;
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.ref();
    child.kill(signal);
    await exited;
  }
}

/** A port of the loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST_PORT + Math.floor(Math.random() * (HIGHEST_PORT - LOWEST_PORT));
    if (!DEFAULT_PORTS.has(port) && (await isFree(port))) return port;
  }
}

async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

function answers(port: number, { say, ready }: ServerPlan['greeting']): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => settle(false));
    socket.once('error', () => settle(false));
    socket.once('close', () => settle(false));
    socket.once('connect', () => socket.write(say));
    socket.once('data', (reply) => settle(ready.test(reply.toString())));
  });
}

function requireProgram({ program, debianPackage }: ServerPlan): void {
  if (findProgram(program) !== undefined) return;
  throw new Error(
    `these tests start a real ${program}, which is not installed; install it with: apt-get install --no-install-recommends ${debianPackage}`,
  );
}

/** Where a program is, as the PATH says. */
export function findProgram(program: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** On Linux the kernel is told to end the server when this process ends, also when that is killed. */
function boundToUs(command: readonly string[]): readonly string[] {
  const setpriv = process.platform === 'linux' ? findProgram('setpriv') : undefined;
  return setpriv === undefined ? command : [setpriv, '--pdeathsig', 'KILL', ...command];
}

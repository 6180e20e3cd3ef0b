import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ENTRY = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** How long a test waits before it fails: a new database takes some seconds, and many on a busy machine. */
export const PATIENCE_MS = 180_000;

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  /** Read as JSON, and taken to be what the caller expects: the assertions tell. */
  readonly body: Body;
}

/** The body of an answer that is an error. */
export interface Refusal {
  readonly statusCode: number;
  readonly message: string;
}

/** The sample app as a reader runs it: a process of its own, spoken to over HTTP. */
export class RunningApp {
  private readonly lines: string[] = [];
  private readonly listeners = new Set<() => void>();
  private readonly exited: Promise<number | null>;
  private ended = false;

  private constructor(private readonly process: ChildProcess) {
    this.exited = once(process, 'close').then(([code]) => code as number | null); // what Node documents
    void this.exited.then(() => {
      this.ended = true;
      this.notify();
    });
    for (const stream of [process.stdout, process.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        this.lines.push(line);
        this.notify();
      });
    }
  }

  /** Starts the app on a free port, with 3,000 cities in memory unless told otherwise. Does not wait for anything. */
  static spawn(environment: NodeJS.ProcessEnv = {}, args: readonly string[] = []): RunningApp {
    const defaults = {
      PORT: '0',
      WEATHER_PORT: '0',
      STRATA_CITIES: '3000',
      STRATA_DATA: 'memory',
      STRATA_CACHE: 'on',
      // What is loaded for nobody would be counted as queries of whoever asks at that time.
      STRATA_WARM: 'off',
    };
    return new RunningApp(
      spawn(process.execPath, [ENTRY, ...args], {
        env: { ...process.env, ...defaults, ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
  }

  /** Starts the app and waits until it answers questions. */
  static async start(environment: NodeJS.ProcessEnv = {}, args: readonly string[] = []): Promise<RunningApp> {
    const app = RunningApp.spawn(environment, args);
    await app.ready();
    return app;
  }

  get output(): string {
    return this.lines.join('\n');
  }

  async ready(): Promise<void> {
    await this.line('are ready');
  }

  /** The first line that contains the text, printed already or to come. */
  async line(text: string): Promise<string> {
    for (;;) {
      const found = this.lines.find((line) => line.includes(text));
      if (found !== undefined) return found;
      if (this.ended) throw new Error(`the app ended without printing "${text}":\n${this.output}`);
      await new Promise<void>((resolve) => this.listeners.add(resolve));
    }
  }

  async address(): Promise<string> {
    return this.line('http://localhost:');
  }

  /** The address of the weather service that the app has started. */
  async weatherService(): Promise<string> {
    return new URL((await this.line('(the weather service')).split(' ')[0] ?? '').origin;
  }

  async request<Body>(method: string, path: string, body?: unknown): Promise<Answer<Body>> {
    const response = await fetch((await this.address()) + path, {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
    const text = await response.text();
    const { status, headers } = response;
    return { status, headers, body: (text === '' ? undefined : JSON.parse(text)) as Body };
  }

  get<Body>(path: string): Promise<Answer<Body>> {
    return this.request<Body>('GET', path);
  }

  /** How many queries the database answers while the work runs. */
  async queriesDuring(work: () => Promise<unknown>): Promise<number> {
    const before = await this.queries();
    await work();
    return (await this.queries()) - before;
  }

  /** How many queries one read costs; the read succeeds. */
  queriesOf(path: string): Promise<number> {
    return this.queriesDuring(async () => {
      const { status, body } = await this.get(path);
      if (status !== 200) throw new Error(`GET ${path} answered ${status}: ${JSON.stringify(body)}`);
    });
  }

  /** Ends the process and resolves with its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (!this.ended) this.process.kill(signal);
    return this.exited;
  }

  /** The exit code of a process that ends by itself. */
  exit(): Promise<number | null> {
    return this.exited;
  }

  private async queries(): Promise<number> {
    return (await this.get<{ queries: number }>('/progress')).body.queries;
  }

  private notify(): void {
    const listeners = [...this.listeners];
    this.listeners.clear();
    for (const listener of listeners) listener();
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** How a process of the demonstration is started, and when it is ready. */
export interface ChildPlan {
  readonly name: string;
  readonly command: readonly [program: string, ...args: string[]];
  readonly environment?: NodeJS.ProcessEnv;
  /** What the line contains that it prints when it is ready. */
  readonly readyLine: string;
  readonly deadlineMs: number;
}

/** A process of the demonstration: it ends with this one at the latest. */
export class Child {
  private constructor(
    /** What it printed until it was ready. */
    readonly lines: readonly string[],
    private readonly process: ChildProcess,
    private readonly withUs: () => void,
  ) {}

  static async start({ name, command, environment, readyLine, deadlineMs }: ChildPlan): Promise<Child> {
    const [program, ...args] = command;
    const child = spawn(program, args, { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
    const withUs = (): void => void child.kill('SIGKILL');
    process.once('exit', withUs);
    const lines: string[] = [];
    let deadline: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const fail = (why: string): void => reject(new Error(`${name} ${why}\n${lines.slice(-10).join('\n')}`));
        deadline = setTimeout(() => fail(`is not ready after ${deadlineMs / 1000} s`), deadlineMs);
        child.once('error', (error) => fail(`does not start: ${error.message}`));
        child.once('close', () => fail('ended before it was ready'));
        for (const stream of [child.stdout, child.stderr]) {
          createInterface({ input: stream }).on('line', (line) => {
            lines.push(line);
            if (line.includes(readyLine)) resolve();
          });
        }
      });
    } catch (error) {
      withUs();
      throw error;
    } finally {
      clearTimeout(deadline);
    }
    return new Child([...lines], child, withUs);
  }

  /** Ends it; `SIGKILL` as a crash does. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { process: child } = this;
    process.off('exit', this.withUs);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
}

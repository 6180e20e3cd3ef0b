import { fork, spawn, type ChildProcess, type ForkOptions } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const LOADER = new URL('typescript.mjs', import.meta.url).href;

/** What makes Node run TypeScript, to be given before the file. */
export const TYPESCRIPT_FLAGS: readonly string[] = ['--no-warnings', '--import', LOADER];

/** Starts a TypeScript file of the tests as a Node process, whose standard output is read by who starts it. */
export function startChild(file: URL, args: readonly string[] = []): ChildProcess {
  return spawn(process.execPath, [...TYPESCRIPT_FLAGS, fileURLToPath(file), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** What it says next. Rejects when it ends instead: who listens to its output alone would wait for ever. */
export async function nextOutput(child: ChildProcess): Promise<string> {
  const stop = new AbortController();
  const said = once(child.stdout as NodeJS.ReadableStream, 'data', stop) as Promise<[Buffer]>;
  const ended = once(child, 'exit', stop).then(([code, signal]) => {
    throw new Error(`the process ended before it said anything, with ${signal ?? code}`);
  });
  try {
    const [text] = await Promise.race([said, ended]);
    return text.toString();
  } finally {
    stop.abort();
    await Promise.allSettled([said, ended]);
  }
}

/** Starts one that exchanges messages with who starts it. */
export function forkChild(file: URL, args: readonly string[] = [], options: ForkOptions = {}): ChildProcess {
  return fork(fileURLToPath(file), args, { execArgv: [...TYPESCRIPT_FLAGS], ...options });
}

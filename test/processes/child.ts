import { fork, spawn, type ChildProcess, type ForkOptions } from 'node:child_process';
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

/** Starts one that exchanges messages with who starts it. */
export function forkChild(file: URL, args: readonly string[] = [], options: ForkOptions = {}): ChildProcess {
  return fork(fileURLToPath(file), args, { execArgv: [...TYPESCRIPT_FLAGS], ...options });
}

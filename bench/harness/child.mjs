import { fork } from 'node:child_process';
import { join } from 'node:path';

const TIME_LIMIT_MS = 180_000;
/** One thread collects garbage: its work counts for the library that made it, and never runs beside the measurement. */
const NODE_FLAGS = ['--single-threaded-gc', '--no-warnings'];

/** Runs one measurement in the bench folder. Rejects when a check of the workload failed or the time ran out. */
export function runChild(folder, job, profileFolder) {
  return new Promise((resolve, reject) => {
    const profile = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
    const child = fork(join(folder, 'bench/harness/measure.mjs'), [JSON.stringify(job)], {
      cwd: folder,
      execArgv: [...NODE_FLAGS, ...profile],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let result;
    let complaint = '';
    const timer = setTimeout(() => {
      complaint += `no result after ${TIME_LIMIT_MS / 1_000} s`;
      child.kill('SIGKILL');
    }, TIME_LIMIT_MS);
    child.once('message', (message) => (result = message));
    child.stderr.setEncoding('utf8').on('data', (text) => (complaint += text));
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      if (result?.error !== undefined) reject(new Error(result.error));
      else if (result !== undefined) resolve(result);
      else reject(new Error(`ended with ${code}: ${complaint.trim()}`));
    });
  });
}

import { spawn } from 'node:child_process';

const { FORCE_COLOR: _colour, ...withoutColour } = process.env;

/** Runs named checks one after the other, prints each with its seconds, and goes on after a failure. */
export class Checks {
  passed = 0;
  failed = 0;

  /** `check` throws when it fails, and returns what it saw. */
  async run(name, check) {
    const startedAt = performance.now();
    let verdict;
    try {
      const seen = await check();
      this.passed++;
      verdict = `ok    ${name}${seen === undefined ? '' : `: ${seen}`}`;
    } catch (error) {
      this.failed++;
      verdict = `FAIL  ${name}\n${indent(error instanceof Failure ? error.message : error.stack)}`;
    }
    console.log(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${verdict}`);
  }
}

/** What a check found wrong. */
export class Failure extends Error {}

export function expectSame(actual, expected, what) {
  const [a, b] = [JSON.stringify(actual, null, 1), JSON.stringify(expected, null, 1)];
  if (a !== b) throw new Failure(`${what}\nis       ${a}\nexpected ${b}`);
}

/** Runs a program to its end; its output is the result, or the failure when it exits with another code than 0. */
export async function output(command, args, options = {}) {
  const { code, text } = await outcome(command, args, options);
  if (code !== 0) throw new Failure(`${[command, ...args].join(' ')}\nended with ${code}\n${text}`);
  return text;
}

/** Runs a program to its end, however it ends. */
export function outcome(command, args, { cwd, env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...withoutColour, NODE_OPTIONS: '', NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    child.stdout.on('data', (chunk) => (text += chunk));
    child.stderr.on('data', (chunk) => (text += chunk));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, text }));
  });
}

export const node = process.execPath;

function indent(text) {
  return text.trimEnd().replaceAll(/^/gm, '          ');
}

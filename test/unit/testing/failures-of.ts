import { expect } from '@jest/globals';
import type { TestRunner } from '../../../lib/testing/index.js';

/** Runs the tests of a contract whose titles contain `part`, outside of Jest, and gives the titles of those that fail. */
export async function failuresOf(contract: (runner: TestRunner) => void, part = ''): Promise<string[]> {
  const tests: { title: string; body: () => void | Promise<void> }[] = [];
  const path: string[] = [];
  contract({
    describe: (title, body) => {
      path.push(title);
      body();
      path.pop();
    },
    it: (title, body) => tests.push({ title: [...path.slice(1), title].join(' '), body }),
    expect,
  });
  const chosen = tests.filter(({ title }) => title.includes(part));
  if (chosen.length === 0) throw new Error(`the contract has no test whose title contains "${part}"`);
  const failed: string[] = [];
  for (const { title, body } of chosen) {
    try {
      await body();
    } catch {
      failed.push(title);
    }
  }
  return failed;
}

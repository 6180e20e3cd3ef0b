import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';

/*
 * What our runs say beyond Jest's own lines: how long each suite took, slowest first, and that a run with a skipped or
 * an empty test has failed. With STRATA_TEST_REPORT set, the counts also go to that file.
 */
export default class StrataReporter {
  #problem;

  constructor(globalConfig) {
    // A run narrowed by --testNamePattern skips the rest on purpose.
    this.narrowed = Boolean(globalConfig.testNamePattern);
    this.rootDir = globalConfig.rootDir;
  }

  onRunComplete(_contexts, results) {
    const suites = results.testResults
      .map(({ testFilePath, perfStats }) => ({
        file: relative(this.rootDir, testFilePath),
        seconds: (perfStats.end - perfStats.start) / 1000,
      }))
      .toSorted((a, b) => b.seconds - a.seconds);
    if (suites.length > 1) {
      process.stderr.write('\nSeconds by suite\n');
      for (const { file, seconds } of suites) process.stderr.write(`${seconds.toFixed(1).padStart(7)}  ${file}\n`);
    }

    const skipped = results.numPendingTests + results.numTodoTests;
    if (skipped > 0 && !this.narrowed) {
      const titles = results.testResults
        .flatMap((suite) => suite.testResults)
        .filter(({ status }) => status === 'pending' || status === 'todo')
        .map(({ fullName }) => `  ${fullName}`);
      this.#problem = new Error(
        `${skipped} skipped or todo tests, and a skipped test fails the run:\n${titles.join('\n')}`,
      );
      process.stderr.write(`\n${this.#problem.message}\n`);
    }

    const report = process.env.STRATA_TEST_REPORT;
    if (report) {
      // A suite that cannot run has no tests to count; it counts as one that failed.
      const broken = results.testResults.filter(({ testExecError }) => testExecError).length;
      const counts = { passed: results.numPassedTests, failed: results.numFailedTests + broken, skipped };
      writeFileSync(report, `${JSON.stringify(counts)}\n`);
    }
  }

  getLastError() {
    return this.#problem;
  }
}

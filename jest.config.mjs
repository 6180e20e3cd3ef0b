/** Native ES modules: the sources run as they are written, through SWC, with Nest 12's own ES modules beside them. */
export default {
  testEnvironment: 'node',
  rootDir: '.',
  testMatch: ['<rootDir>/test/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/packaging/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/dist-', '<rootDir>/sample-app/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['@swc/jest'] },
  // Only for what never ends: how long a test takes says more about the machine than about the code.
  testTimeout: 60_000,
  reporters: ['default', '<rootDir>/scripts/jest-reporter.mjs'],
  // Half of the suites wait for servers and clocks; without this, two cores give one worker.
  maxWorkers: 2,
};

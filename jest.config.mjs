/** Native ES modules: the sources run as they are written, through SWC, with Nest 12's own ES modules beside them. */
export default {
  testEnvironment: 'node',
  rootDir: '.',
  testMatch: ['<rootDir>/test/**/*.spec.ts'],
  // The table of faults has a command of its own, `npm run docs:faults`: a child of it was seen not to end.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/packaging/', '<rootDir>/test/faults/fault-table'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/dist-', '<rootDir>/sample-app/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['@swc/jest'] },
  reporters: ['default', '<rootDir>/scripts/jest-reporter.mjs'],
  // Half of the suites wait for servers and clocks; without this, two cores give one worker.
  maxWorkers: 2,
  // Clients that were cut off from killed servers by the tests of failures may hold a socket a while longer.
  forceExit: true,
};

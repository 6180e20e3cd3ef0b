import base from './jest.config.mjs';

/** The sample app over HTTP: it imports the library by name, through the package's exports, so it tests what was built. */
export default { ...base, testMatch: ['<rootDir>/sample-app/test/**/*.spec.ts'] };

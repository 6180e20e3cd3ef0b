import base from '../../jest.config.mjs';

/** The tests as they are, one file at a time, with a mutant in what they test. */
export default {
  ...base,
  rootDir: '../..',
  transform: { '^.+\\.ts$': '<rootDir>/tools/mutation/transform.mjs' },
  reporters: [],
};

export default { testEnvironment: 'node', testMatch: ['<rootDir>/out/**/*.spec.js'], transform: {} };

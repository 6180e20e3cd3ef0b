module.exports = { testEnvironment: 'node', testMatch: ['<rootDir>/out/**/*.spec.js'], transform: {} };

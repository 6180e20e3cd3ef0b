export default { test: { globals: true, environment: 'node', include: ['out/**/*.spec.js'] } };

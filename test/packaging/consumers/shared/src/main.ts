import { exercise } from './app.js';

exercise().then(
  (seen) => console.log(`${seen.length} features`),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);

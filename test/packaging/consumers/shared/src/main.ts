import { deepStrictEqual } from 'node:assert';
import { EXPECTED, exercise } from './app.js';

async function main(): Promise<void> {
  const seen = await exercise();
  deepStrictEqual(seen, EXPECTED);
  console.log(`${Object.keys(seen).length} topics as expected`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

import { EXPECTED, exercise } from './app.js';

// Jest and Vitest both define these.
declare const it: (name: string, test: () => Promise<void>) => void;
declare const expect: (value: unknown) => { toEqual(expected: unknown): void };

it('works in this test runner', async () => {
  expect(await exercise()).toEqual(EXPECTED);
});

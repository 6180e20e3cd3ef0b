/** What a contract needs of a test runner. Jest's and Vitest's functions of these names fit as they are. */
export interface TestRunner {
  describe(title: string, body: () => void): unknown;
  it(title: string, body: () => void | Promise<void>, timeoutMs?: number): unknown;
  expect(actual: unknown): Expectation & { readonly not: Expectation };
}

/** What a contract expects of values. */
export interface Expectation {
  toBe(expected: unknown): unknown;
  toEqual(expected: unknown): unknown;
  toContain(expected: unknown): unknown;
  toBeGreaterThan(expected: number): unknown;
  toBeLessThanOrEqual(expected: number): unknown;
}

/** The reason for which a call rejected or threw; `undefined` when it did not. */
export async function rejectionOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
    return undefined;
  } catch (reason) {
    return reason ?? new Error(`rejected with ${String(reason)}`);
  }
}

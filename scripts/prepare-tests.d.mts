/** Where the tests are prepared. */
export interface Surroundings {
  /** As in the variable PATH. */
  readonly path: string;
  readonly isRoot: boolean;
  readonly policyFile?: string;
  say?(text: string): void;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export function prepareTests(surroundings: Surroundings): number;

/** What the command needs from where it runs. */
export interface Surroundings {
  readonly MemoryCache: new (options: { maxSize: number; policy: never; random: () => number }) => {
    get(key: number): unknown;
    put(key: number, value: unknown): void;
    dispose(): void;
  };
  readonly out: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
  readonly err: { write(text: string): unknown; readonly isTTY?: boolean };
}

/** Runs the command; the exit code. */
export function run(argv: readonly string[], surroundings: Surroundings): Promise<number>;

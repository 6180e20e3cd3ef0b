/** A small change of a source. */
export interface Mutant {
  readonly kind: string;
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly before: string;
  readonly text: string;
}

/** Every small change of a source that a test should notice. */
export function mutantsOf(fileName: string, source: string): Mutant[];

/** The source with one mutant in it. */
export function mutated(source: string, mutant: Pick<Mutant, 'start' | 'end' | 'text'>): string;

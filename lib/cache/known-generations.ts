/** Of so many names the tokens are remembered; beyond that the first are forgotten. */
const MOST_NAMES = 1_000;

/**
 * The tokens that generations of one cache were last seen to have in a tier: a guess at what they have now, which whoever
 * uses it has to hold against the tier afterwards. O(1) for a name.
 */
export class KnownGenerations {
  private readonly tokens = new Map<string, string>();

  /** @param tokens in the order of the names; `undefined` for one that has none */
  note(names: readonly string[], tokens: readonly (string | undefined)[]): void {
    for (let at = 0; at < names.length; at++) this.noteOne(names[at] as string, tokens[at]);
  }

  forget(name: string): void {
    this.tokens.delete(name);
  }

  /** The tokens of all these names; `undefined` when one of them is not known. */
  all(names: readonly string[]): ReadonlyMap<string, string> | undefined {
    const known = new Map<string, string>();
    for (const name of names) {
      const token = this.tokens.get(name);
      if (token === undefined) return undefined;
      known.set(name, token);
    }
    return known;
  }

  private noteOne(name: string, token: string | undefined): void {
    if (token === undefined) {
      this.tokens.delete(name);
      return;
    }
    if (this.tokens.get(name) === token) return;
    this.tokens.set(name, token);
    if (this.tokens.size <= MOST_NAMES) return;
    for (const oldest of this.tokens.keys()) {
      this.tokens.delete(oldest);
      return;
    }
  }
}

/** From here on the journal knows no more which keys changed, and says that all may have. */
const MOST_REMEMBERED = 100_000;

/** What was changed by callers while something that takes time went on: it must not bring back what was there before. */
export class ChangeJournal<K> {
  private readonly keys = new Set<K>();
  private readonly groups = new Set<string>();
  private readonly patterns: ((key: K) => boolean)[] = [];
  private isAll = false;

  key(key: K): void {
    this.keys.add(key);
    if (this.keys.size > MOST_REMEMBERED) this.all();
  }

  group(group: string): void {
    this.groups.add(group);
    if (this.groups.size > MOST_REMEMBERED) this.all();
  }

  /** A pattern may be asked about keys later; a predicate of the user's may say something else by then. */
  pattern(matches: ((key: K) => boolean) | undefined): void {
    if (matches === undefined) this.all();
    else this.patterns.push(matches);
  }

  all(): void {
    this.isAll = true;
    this.keys.clear();
    this.groups.clear();
  }

  /** Whether what stood under the key, in these groups, may have been changed. */
  concerns(key: K, groups: readonly string[]): boolean {
    if (this.isAll || this.keys.has(key)) return true;
    return groups.some((group) => this.groups.has(group)) || this.patterns.some((matches) => matches(key));
  }
}

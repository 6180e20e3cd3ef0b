/**
 * Which entries are in which group, exactly: a group without entries is not there, an entry that left is in none.
 * Entries without groups cost nothing. Joining, leaving and finding are O(groups of the entry).
 */
export class GroupIndex {
  /** How many entries have groups; while it is 0 there is nothing to leave. */
  size = 0;
  private readonly members = new Map<string, Set<number>>();
  private readonly labels = new Map<number, readonly string[]>();

  /** The groups of an entry from now on; those it had before are left. */
  assign(slot: number, groups: readonly string[] | undefined): void {
    const before = this.labels.get(slot);
    if (before === groups || (before !== undefined && groups !== undefined && areEqual(before, groups))) return;
    if (before !== undefined) this.leave(slot);
    if (groups === undefined || groups.length === 0) return;
    const own = [...new Set(groups)];
    this.labels.set(slot, own);
    this.size = this.labels.size;
    for (const group of own) {
      const slots = this.members.get(group);
      if (slots === undefined) this.members.set(group, new Set([slot]));
      else slots.add(slot);
    }
  }

  leave(slot: number): void {
    const groups = this.labels.get(slot);
    if (groups === undefined) return;
    this.labels.delete(slot);
    this.size = this.labels.size;
    for (const group of groups) {
      const slots = this.members.get(group);
      slots?.delete(slot);
      if (slots?.size === 0) this.members.delete(group);
    }
  }

  /** The entry of `from` stands in `to` now. */
  move(from: number, to: number): void {
    const groups = this.labels.get(from);
    if (groups === undefined) return;
    this.labels.delete(from);
    this.labels.set(to, groups);
    for (const group of groups) {
      const slots = this.members.get(group);
      slots?.delete(from);
      slots?.add(to);
    }
  }

  groupsOf(slot: number): readonly string[] {
    return this.labels.get(slot) ?? NO_GROUPS;
  }

  /** The slots of a group in the order in which they joined; a copy, which later changes leave alone. */
  slotsOf(group: string): number[] {
    return [...(this.members.get(group) ?? [])];
  }

  clear(): void {
    this.members.clear();
    this.labels.clear();
    this.size = 0;
  }

  /** Throws when the two directions disagree; for a check of the structure. */
  assertStructure(isUsed: (slot: number) => boolean): void {
    for (const [slot, groups] of this.labels) {
      if (!isUsed(slot)) throw new Error(`groups: free slot ${slot} has groups`);
      if (groups.length === 0) throw new Error(`groups: slot ${slot} has an empty list`);
      for (const group of groups) {
        if (this.members.get(group)?.has(slot) !== true)
          throw new Error(`groups: slot ${slot} is missing in "${group}"`);
      }
    }
    for (const [group, slots] of this.members) {
      if (slots.size === 0) throw new Error(`groups: "${group}" is empty and still there`);
      for (const slot of slots) {
        if (this.labels.get(slot)?.includes(group) !== true) throw new Error(`groups: "${group}" keeps slot ${slot}`);
      }
    }
  }
}

const NO_GROUPS: readonly string[] = Object.freeze([]);

function areEqual(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((group, at) => group === b[at]);
}

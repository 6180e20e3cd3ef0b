/** A set of slots; a bit for each. */
export class SlotSet {
  private words = new Uint32Array(32);

  has(slot: number): boolean {
    return ((this.words[slot >> 5] ?? 0) & (1 << (slot & 31))) !== 0;
  }

  add(slot: number): void {
    const at = slot >> 5;
    if (at >= this.words.length) {
      const larger = new Uint32Array(Math.max(at + 1, this.words.length * 2));
      larger.set(this.words);
      this.words = larger;
    }
    this.words[at] = (this.words[at] as number) | (1 << (slot & 31));
  }

  delete(slot: number): void {
    const at = slot >> 5;
    if (at < this.words.length) this.words[at] = (this.words[at] as number) & ~(1 << (slot & 31));
  }

  /** The entry of `from` stands in `to` now. */
  move(from: number, to: number): void {
    if (this.has(from)) this.add(to);
    else this.delete(to);
    this.delete(from);
  }

  clear(): void {
    this.words = new Uint32Array(32);
  }
}

/** What stands in an {@link AgeList}; only the list sets these. */
export interface Aged<N> {
  older: N | undefined;
  newer: N | undefined;
}

/**
 * A list in the order of arrival, from which anything can leave. Push, removal and a look at the oldest cost O(1)
 * whatever happened before; in a `Map` or `Set` from whose front much was deleted, finding the first walks the gaps.
 */
export class AgeList<N extends Aged<N>> {
  oldest: N | undefined = undefined;
  private newest: N | undefined = undefined;

  push(node: N): void {
    node.older = this.newest;
    node.newer = undefined;
    if (this.newest === undefined) this.oldest = node;
    else this.newest.newer = node;
    this.newest = node;
  }

  /** Takes out what is in the list. */
  remove(node: N): void {
    if (node.older === undefined) this.oldest = node.newer;
    else node.older.newer = node.newer;
    if (node.newer === undefined) this.newest = node.older;
    else node.newer.older = node.older;
    // What has left and is still held somewhere, by the garbage collector at least, must not hold all that came after it.
    node.older = node.newer = undefined;
  }

  clear(): void {
    this.oldest = undefined;
    this.newest = undefined;
  }
}

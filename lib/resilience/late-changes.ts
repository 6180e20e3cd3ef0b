import { EVERYTHING, type Operation } from './pending-operations.js';

/**
 * The invalidations that reached a tier late. Nobody could be told of them before, so another node may repeat an older put
 * after one of them, and it looks current in the tier until that node has heard of the invalidation. For as long as that
 * can take, such a key or generation is not to be believed there by the node that invalidated it.
 */
export class LateChanges {
  /** By space and name, in the order in which they reached the tier. */
  private readonly keys = new Map<string, number>();
  private readonly generations = new Map<string, number>();

  /** @param windowMs how long one is in doubt */
  constructor(
    private readonly windowMs: number,
    private readonly nowMs: () => number,
  ) {}

  note(operation: Operation): void {
    if (operation.kind === 'remove') this.enter(this.keys, idOf(operation.space, operation.key));
    if (operation.kind === 'renew') this.enter(this.generations, idOf(operation.space, operation.generation));
  }

  hasKey(space: string, key: string): boolean {
    if (this.isEmpty) return false;
    return this.has(this.keys, idOf(space, key)) || this.has(this.generations, idOf(space, EVERYTHING));
  }

  hasGeneration(space: string, generation: string): boolean {
    if (this.isEmpty) return false;
    return [generation, EVERYTHING].some((name) => this.has(this.generations, idOf(space, name)));
  }

  private get isEmpty(): boolean {
    return this.keys.size === 0 && this.generations.size === 0;
  }

  private has(times: ReadonlyMap<string, number>, id: string): boolean {
    const atMs = times.get(id);
    return atMs !== undefined && this.nowMs() - atMs < this.windowMs;
  }

  private enter(times: Map<string, number>, id: string): void {
    const nowMs = this.nowMs();
    for (const [old, atMs] of times) {
      if (nowMs - atMs < this.windowMs) break;
      times.delete(old);
    }
    times.delete(id);
    times.set(id, nowMs);
  }
}

function idOf(space: string, name: string): string {
  return `${space.length} ${space}${name}`;
}

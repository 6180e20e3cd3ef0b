import { LOSS_MS } from '../../resilience/index.js';

/** A message about something that happened before a replay is on its way no longer than that. */
const WINDOW_MS = 2 * LOSS_MS;

/** The puts that were replayed a moment ago: changes that came before them may be heard of after them. */
export class RecentReplays {
  /** In the order of their replays. */
  private readonly replays = new Map<string, { readonly generations: readonly string[]; readonly atMs: number }>();

  constructor(private readonly clock: () => number) {}

  note(name: string, generations: readonly string[]): void {
    const nowMs = this.clock();
    for (const [old, { atMs }] of this.replays) {
      if (nowMs - atMs < WINDOW_MS) break;
      this.replays.delete(old);
    }
    this.replays.delete(name);
    this.replays.set(name, { generations, atMs: nowMs });
  }

  /** Forgets those, and returns their names. */
  take(isMeant: (name: string, generations: readonly string[]) => boolean): string[] {
    const nowMs = this.clock();
    const meant = [...this.replays].filter(
      ([name, { generations, atMs }]) => nowMs - atMs < WINDOW_MS && isMeant(name, generations),
    );
    for (const [name] of meant) this.replays.delete(name);
    return meant.map(([name]) => name);
  }
}

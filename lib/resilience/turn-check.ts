/** Runs a task when the current turn of the event loop has ended: its callback, and what promises call behind it. */
export type AfterTurn = (task: () => void) => void;

/** So many calls are each worth a check before the end of the turn is waited for, which costs as much as one or two. */
const CHECKED_CALLS = 8;
/** From then on one check is made for so many calls of the same turn. */
const CALLS_PER_CHECK = 64;

/**
 * Says when something is checked again that time alone can change, for callers to whom asking for the time each time
 * would cost half of what they do. A turn that calls a few times has each call checked; of a turn that calls more often
 * every 64th is; and the first call of a turn always is.
 *
 * Race. A process that is stopped in the middle of such a turn and goes on: what is left of that turn, but no more than
 * 63 calls of it, is not checked, and ends as it would have before the stop. All that comes from outside, a request that
 * was sent meanwhile first of all, comes with a later turn, and is checked. Only what a turn hears by a call that blocks,
 * such as reading a file, may be younger than its last check.
 */
export class TurnCheck {
  private checkedLeft = CHECKED_CALLS;
  private uncheckedLeft = 0;
  private readonly endTurn = (): void => {
    this.checkedLeft = CHECKED_CALLS;
    this.uncheckedLeft = 0;
  };

  /** Without `afterTurn` each call is due. */
  constructor(private readonly afterTurn: AfterTurn | undefined) {}

  isDue(): boolean {
    if (this.uncheckedLeft === 0) return this.count();
    this.uncheckedLeft--;
    return false;
  }

  private count(): true {
    if (this.afterTurn === undefined) return true;
    if (this.checkedLeft > 0 && --this.checkedLeft === 0) this.afterTurn(this.endTurn);
    if (this.checkedLeft === 0) this.uncheckedLeft = CALLS_PER_CHECK - 1;
    return true;
  }
}

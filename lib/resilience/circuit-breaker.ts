import { COARSE_MARGIN_MS, type Clock } from '../core/index.js';
import type { BreakerSettings } from '../tiers/index.js';
import { FailureWindow } from './failure-window.js';

export type BreakerState = 'closed' | 'open' | 'half-open';

/** What a call that may be tried gets; it is handed back with how the call ended. */
export type Permit = number;

type State =
  | { readonly kind: 'closed'; readonly window: FailureWindow }
  | { readonly kind: 'open'; readonly untilMs: number }
  | { readonly kind: 'half-open' };

/* Decides whether a call is worth trying.
 *
 *   closed     calls are tried; a failure that makes enough of the calls within the window failed opens it
 *   open       no call is tried until `openMs` have passed; the first after that is tried alone:
 *   half-open  it decides, and meanwhile no other is tried. Success closes with an empty window, failure opens again.
 *
 * Each of these periods has a number, the permit of the calls that began in it, and an outcome counts only within its own
 * period. So a call that began long ago says nothing about now: neither does its late success close an open breaker, nor
 * its late failure open a closed one again. One whose caller gave it up is reported as failed, once.
 *
 * Whoever gets a permit reports an outcome, or a half-open breaker waits for it for ever.
 */
export class CircuitBreaker {
  private current: State;
  private period: Permit = 0;
  private readonly readTime: () => number;

  constructor(
    private readonly settings: BreakerSettings,
    private readonly clock: Clock,
    private readonly onChange: (state: BreakerState) => void = () => {},
  ) {
    this.current = { kind: 'closed', window: new FailureWindow(settings.windowMs) };
    // A long window can do with a clock that is cheap to read.
    const isLong = settings.windowMs >= 10 * COARSE_MARGIN_MS;
    this.readTime = isLong ? () => clock.coarse() : () => clock.now();
  }

  /** Open until a call asks for it, although its time has passed. */
  get state(): BreakerState {
    return this.current.kind;
  }

  /** A permit for one call; `undefined` when it is not to be tried. */
  enter(): Permit | undefined {
    const { current } = this;
    switch (current.kind) {
      case 'closed':
        return this.period;
      case 'open':
        if (this.clock.now() < current.untilMs) return undefined;
        this.become({ kind: 'half-open' });
        return this.period;
      case 'half-open':
        return undefined;
    }
  }

  succeeded(permit: Permit): void {
    if (permit !== this.period) return;
    if (this.current.kind === 'closed') this.current.window.record(false, this.readTime());
    else this.become({ kind: 'closed', window: new FailureWindow(this.settings.windowMs) });
  }

  failed(permit: Permit): void {
    if (permit !== this.period) return;
    const { current, settings } = this;
    if (current.kind === 'closed') {
      const { window } = current;
      window.record(true, this.readTime());
      if (window.calls < settings.minCalls || window.failures < settings.failureRate * window.calls) return;
    }
    this.become({ kind: 'open', untilMs: this.clock.now() + settings.openMs });
  }

  private become(next: State): void {
    this.current = next;
    this.period++;
    this.onChange(next.kind);
  }
}

import { describe, expect, it } from '@jest/globals';
import { CircuitBreaker, type BreakerState, type Permit } from '../../../lib/resilience/index.js';
import { FakeClock } from '../../../lib/testing/index.js';

const settings = { failureRate: 0.5, minCalls: 4, windowMs: 10_000, openMs: 1_000 };

function breakerOf(given: Partial<typeof settings> = {}): {
  readonly breaker: CircuitBreaker;
  readonly clock: FakeClock;
  readonly changes: BreakerState[];
  call(outcome: 'succeeds' | 'fails', times?: number): void;
} {
  const clock = new FakeClock();
  const changes: BreakerState[] = [];
  const breaker = new CircuitBreaker({ ...settings, ...given }, clock, (state) => void changes.push(state));
  const call = (outcome: 'succeeds' | 'fails', times = 1): void => {
    for (let i = 0; i < times; i++) report(breaker, enter(breaker), outcome);
  };
  return { breaker, clock, changes, call };
}

function enter(breaker: CircuitBreaker): Permit {
  const permit = breaker.enter();
  if (permit === undefined) throw new Error('the call is not to be tried');
  return permit;
}

function report(breaker: CircuitBreaker, permit: Permit, outcome: 'succeeds' | 'fails'): void {
  if (outcome === 'succeeds') breaker.succeeded(permit);
  else breaker.failed(permit);
}

describe('promise Tiers: a closed breaker', () => {
  it('opens with the failure that makes half of the calls within the window failed', () => {
    const { breaker, call, changes } = breakerOf();
    call('succeeds', 3);
    call('fails', 2);
    expect(breaker.state).toBe('closed');
    call('fails');
    expect(breaker.state).toBe('open');
    expect(changes).toEqual(['open']);
  });

  it('does not open on fewer calls than that say something', () => {
    const { breaker, call } = breakerOf();
    call('fails', 3);
    expect(breaker.state).toBe('closed');
    call('fails');
    expect(breaker.state).toBe('open');
  });

  it('does not open with a success, although enough others failed by then', () => {
    const { breaker, call } = breakerOf();
    call('fails', 3);
    call('succeeds');
    expect(breaker.state).toBe('closed');
  });

  it('forgets calls older than the window, a tenth at a time', () => {
    const { breaker, call, clock } = breakerOf();
    call('fails', 3);
    clock.advance(9_999);
    expect(breaker.state).toBe('closed');
    clock.advance(1);
    call('fails');
    expect(breaker.state).toBe('closed');
    call('fails', 3);
    expect(breaker.state).toBe('open');
  });

  it('remembers a call for at least nine tenths of the window', () => {
    const { breaker, call, clock } = breakerOf();
    clock.advance(999);
    call('fails', 3);
    clock.advance(9_000);
    call('fails');
    expect(breaker.state).toBe('open');
  });

  it('forgets everything in a pause, however long', () => {
    const { breaker, call, clock } = breakerOf();
    call('fails', 3);
    clock.advance(1e12);
    call('fails', 3);
    expect(breaker.state).toBe('closed');
  });
});

describe('promise Tiers: an open breaker', () => {
  it('has nothing tried for as long as it is to be open, then one call', () => {
    const { breaker, call, clock, changes } = breakerOf();
    call('fails', 4);
    expect(breaker.enter()).toBeUndefined();
    clock.advance(999);
    expect(breaker.enter()).toBeUndefined();
    clock.advance(1);
    expect(breaker.enter()).toBeDefined();
    expect(breaker.state).toBe('half-open');
    expect(breaker.enter()).toBeUndefined();
    clock.advance(1e6);
    expect(breaker.enter()).toBeUndefined();
    expect(changes).toEqual(['open', 'half-open']);
  });

  it('is closed by the success of that call, and has forgotten the failures before', () => {
    const { breaker, call, clock, changes } = breakerOf();
    call('fails', 4);
    clock.advance(1_000);
    call('succeeds');
    expect(breaker.state).toBe('closed');
    call('fails', 3);
    expect(breaker.state).toBe('closed');
    expect(changes).toEqual(['open', 'half-open', 'closed']);
  });

  it('is open again, from then on, by its failure', () => {
    const { breaker, call, clock, changes } = breakerOf();
    call('fails', 4);
    clock.advance(1_500);
    const probe = enter(breaker);
    clock.advance(700);
    breaker.failed(probe);
    clock.advance(999);
    expect(breaker.enter()).toBeUndefined();
    clock.advance(1);
    expect(breaker.enter()).toBeDefined();
    expect(changes).toEqual(['open', 'half-open', 'open', 'half-open']);
  });
});

describe('a call that ends in another period than it began in', () => {
  it('does not close an open breaker by its late success', () => {
    const { breaker, call } = breakerOf();
    const late = enter(breaker);
    call('fails', 4);
    breaker.succeeded(late);
    expect(breaker.state).toBe('open');
  });

  it('does not decide in place of the probe', () => {
    const { breaker, call, clock } = breakerOf();
    const [success, failure] = [enter(breaker), enter(breaker)];
    call('fails', 4);
    clock.advance(1_000);
    const probe = enter(breaker);
    breaker.succeeded(success);
    breaker.failed(failure);
    expect(breaker.state).toBe('half-open');
    breaker.succeeded(probe);
    expect(breaker.state).toBe('closed');
  });

  it('does not count in a breaker that has closed again', () => {
    const { breaker, call, clock } = breakerOf({ minCalls: 1 });
    const late = enter(breaker);
    call('fails');
    clock.advance(1_000);
    call('succeeds');
    breaker.failed(late);
    expect(breaker.state).toBe('closed');
  });

  it('counts once: a probe that was given up and succeeds later leaves the breaker open', () => {
    const { breaker, call, clock } = breakerOf();
    call('fails', 4);
    clock.advance(1_000);
    const probe = enter(breaker);
    breaker.failed(probe);
    breaker.succeeded(probe);
    expect(breaker.state).toBe('open');
  });
});

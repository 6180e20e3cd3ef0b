import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../../lib/core/index.js';
import { BusLink } from '../../../lib/resilience/index.js';
import { FakeClock } from '../../../lib/testing/index.js';
import type { Bus, BusListener } from '../../../lib/tiers/index.js';
import { settled } from '../cache/deferred.js';

/** Time passes, and no timer notices: the process was stopped. */
class StoppableClock extends FakeClock {
  private stoppedMs = 0;

  override now(): number {
    return super.now() + this.stoppedMs;
  }

  stand(ms: number): void {
    this.stoppedMs += ms;
  }
}

/** Keeps what is published until it is told to deliver. */
class HeldBus implements Bus {
  readonly name = 'held';
  readonly scope = 'shared';
  listener: BusListener | undefined;
  private held: string[] = [];

  start(_channel: string, listener: BusListener): void {
    this.listener = listener;
  }

  async publish(messages: readonly string[]): Promise<void> {
    this.held.push(...messages);
  }

  deliver(): void {
    for (const text of this.held.splice(0)) this.listener?.message(text);
  }

  async close(): Promise<void> {}
}

describe('promise Fence: a process that was stopped', () => {
  async function linked(afterTurn?: (task: () => void) => void) {
    const clock = new StoppableClock();
    const bus = new HeldBus();
    const link = new BusLink(bus, 'channel', {
      clock,
      random: seededRandom(1),
      ...(afterTurn !== undefined && { afterTurn }),
    });
    const distrusted: string[] = [];
    link.subscribe('space', { apply: () => {}, distrust: (reason) => distrusted.push(reason), trouble: () => {} });
    bus.listener?.connected('unknown');
    await settled();
    return { clock, bus, link, distrusted };
  }

  it('distrusts its memory before it reads there, when it stood still for longer than the bound', async () => {
    const { clock, bus, link, distrusted } = await linked();
    bus.deliver();
    expect(link.isTrusted).toBe(true);
    clock.stand(4_000);
    link.attend();
    expect(distrusted).toEqual([]);
    clock.stand(200);
    link.attend();
    link.attend();
    expect(distrusted).toEqual(['the process stood still']);
    expect(link.isTrusted).toBe(false);
  });

  it('in the middle of a turn that had read often, distrusts it before the first read of the next turn', async () => {
    let endTurn = (): void => {};
    const { clock, bus, link, distrusted } = await linked((task) => (endTurn = task));
    bus.deliver();
    for (let read = 0; read < 100; read++) link.attend();
    clock.stand(4_200);
    endTurn();
    link.attend();
    expect(distrusted).toEqual(['the process stood still']);
  });

  it('in the middle of a turn that reads on and on, distrusts it within 64 reads', async () => {
    const { clock, bus, link, distrusted } = await linked(() => {});
    bus.deliver();
    for (let read = 0; read < 100; read++) link.attend();
    clock.stand(4_200);
    for (let read = 0; read < 64; read++) link.attend();
    expect(distrusted).toEqual(['the process stood still']);
  });

  it('learns nothing about the present from a heartbeat that waited meanwhile', async () => {
    const { clock, bus, link, distrusted } = await linked();
    bus.deliver();
    clock.advance(1_000);
    await settled();
    clock.stand(5_000);
    bus.deliver();
    link.attend();
    expect(distrusted).toEqual(['the process stood still']);
    expect(link.isTrusted).toBe(false);
    clock.advance(1_000);
    await settled();
    bus.deliver();
    expect(link.isTrusted).toBe(true);
  });

  it('does not trust its memory by a heartbeat from before it lost that trust', async () => {
    const { clock, bus, link } = await linked();
    clock.stand(4_000);
    bus.deliver();
    expect(link.isTrusted).toBe(false);
  });
});

import { beforeEach, describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../../lib/core/index.js';
import { ChaosBus, FakeClock, inProcessHub, type InProcessBus } from '../../../lib/testing/index.js';

let clock: FakeClock;
let sender: InProcessBus;
let chaos: ChaosBus;
let calls: string[];

beforeEach(async () => {
  clock = new FakeClock();
  const hub = inProcessHub();
  sender = hub.bus();
  sender.start('c', { message: () => {}, connected: () => {}, disconnected: () => {}, error: () => {} });
  chaos = new ChaosBus(hub.bus(), { clock, random: seededRandom(3) });
  calls = [];
  chaos.start('c', {
    message: (text) => calls.push(text),
    connected: (continuity) => calls.push(`connected ${continuity}`),
    disconnected: (reason) => calls.push(`disconnected: ${String(reason)}`),
    error: (error) => calls.push(`error: ${String(error)}`),
  });
  await Promise.resolve();
  calls.length = 0;
});

describe('ChaosBus', () => {
  it('loads the package of the bus that it wraps, and none where that needs none', async () => {
    const missing = Object.assign(Object.create(sender) as InProcessBus, {
      loadPackage: () => Promise.reject(new Error('npm install it')),
    });
    await expect(new ChaosBus(missing).loadPackage()).rejects.toThrow('npm install it');
    await expect(chaos.loadPackage()).resolves.toBeUndefined();
  });

  it('drops messages and says nothing', async () => {
    chaos.inject({ kind: 'drop' }, { times: 2 });
    await sender.publish(['1', '2', '3']);
    expect(calls).toEqual(['3']);
    expect(chaos.struck).toEqual(new Map([['drop', 2]]));
  });

  it('delivers messages twice', async () => {
    chaos.inject({ kind: 'duplicate' }, { times: 1 });
    await sender.publish(['1', '2']);
    expect(calls).toEqual(['1', '1', '2']);
  });

  it('delivers messages in another order', async () => {
    chaos.inject({ kind: 'reorder' }, { times: 1 });
    await sender.publish(['1', '2', '3']);
    expect(calls).toEqual(['2', '1', '3']);
  });

  it('delivers what was held back when it is told to', async () => {
    chaos.inject({ kind: 'reorder' });
    await sender.publish(['1', '2']);
    expect(calls).toEqual([]);
    chaos.flush();
    expect(calls).toEqual(['1', '2']);
  });

  it('delivers later by the clock, and what follows behind that', async () => {
    chaos.inject({ kind: 'delay', ms: 30 }, { times: 1 });
    await sender.publish(['1', '2']);
    clock.advance(29);
    expect(calls).toEqual([]);
    clock.advance(1);
    expect(calls).toEqual(['1', '2']);
    await sender.publish(['3']);
    expect(calls).toEqual(['1', '2', '3']);
  });

  it('delivers other texts', async () => {
    chaos.inject({ kind: 'garble' });
    const text = JSON.stringify({ origin: 'a', sequence: 12 });
    await sender.publish(Array.from({ length: 50 }, () => text));
    expect(calls).toHaveLength(50);
    expect(calls).not.toContain(text);
    expect(new Set(calls).size).toBeGreaterThan(5);
  });

  describe('that is cut off', () => {
    it('says so, rejects what is published, and delivers nothing', async () => {
      chaos.cut('the cable');
      await expect(chaos.publish(['mine'])).rejects.toThrow('cut off');
      await sender.publish(['1']);
      expect(calls).toEqual(['disconnected: the cable']);
    });

    it('delivers what it missed when it comes back complete', async () => {
      chaos.cut('x');
      await sender.publish(['1', '2']);
      chaos.mend('complete');
      await sender.publish(['3']);
      expect(calls).toEqual(['disconnected: x', 'connected complete', '1', '2', '3']);
    });

    it('has lost what it missed when it comes back otherwise', async () => {
      chaos.cut('x');
      await sender.publish(['1', '2']);
      chaos.heal();
      await sender.publish(['3']);
      expect(calls).toEqual(['disconnected: x', 'connected unknown', '3']);
    });

    it('is told so once', () => {
      chaos.cut('x');
      chaos.cut('y');
      chaos.mend('unknown');
      chaos.mend('unknown');
      expect(calls).toEqual(['disconnected: x', 'connected unknown']);
    });
  });

  describe('that publishes', () => {
    it('fails, before anything was sent and after', async () => {
      const before = chaos.inject({ kind: 'fail' });
      await expect(chaos.publish(['1'])).rejects.toThrow('chaos: publish fails');
      before();
      chaos.inject({ kind: 'applyThenFail', error: new Error('late') });
      await expect(chaos.publish(['2'])).rejects.toThrow('late');
      expect(calls).toEqual(['2']);
    });

    it.each([
      ['drop', []],
      ['duplicate', ['1', '2', '1', '2']],
      ['reorder', ['2', '1']],
    ] as const)('strikes what it sends by %s where the rule says so', async (kind, expected) => {
      chaos.inject({ kind }, { on: ['publish'] });
      await chaos.publish(['1', '2']);
      expect(calls).toEqual(expected);
    });

    it('sends later by the clock', async () => {
      chaos.inject({ kind: 'delay', ms: 10 }, { on: ['publish'] });
      const publishing = chaos.publish(['1']);
      expect(calls).toEqual([]);
      clock.advance(10);
      await publishing;
      expect(calls).toEqual(['1']);
    });
  });

  it('delivers nothing after it was closed, neither delayed nor held back', async () => {
    chaos.inject({ kind: 'delay', ms: 10 }, { times: 1 });
    chaos.inject({ kind: 'reorder' });
    await sender.publish(['1', '2']);
    await chaos.close();
    clock.advance(100);
    chaos.flush();
    expect(calls).toEqual([]);
  });
});

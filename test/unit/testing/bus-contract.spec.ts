import { describe, expect, it } from '@jest/globals';
import { busContract, inProcessHub, type InProcessBus } from '../../../lib/testing/index.js';
import type { Bus, BusListener } from '../../../lib/tiers/index.js';
import { failuresOf } from './failures-of.js';

/** What the contract finds wrong with buses that differ from right ones in what `breaks` overrides. */
function failuresOfBus(breaks: (bus: InProcessBus) => Partial<Bus>, part?: string): Promise<string[]> {
  return failuresOf(
    (runner) =>
      busContract(runner, {
        name: 'a broken bus',
        scope: 'process',
        make: async () => {
          const hub = inProcessHub();
          const broken = (): Bus => {
            const bus = hub.bus();
            const overridden = breaks(bus);
            return {
              name: bus.name,
              scope: bus.scope,
              start: (channel, listener) => bus.start(channel, listener),
              publish: (messages) => bus.publish(messages),
              close: () => bus.close(),
              ...overridden,
            };
          };
          return { buses: [broken(), broken(), broken()], dispose: () => {} };
        },
        wait: async () => {},
      }),
    part,
  );
}

const listening = (bus: InProcessBus, change: (listener: BusListener) => Partial<BusListener>): Partial<Bus> => ({
  start: (channel, listener) => bus.start(channel, { ...listener, ...change(listener) }),
});

describe('busContract', () => {
  it('finds nothing wrong with a right bus', async () => {
    expect(await failuresOfBus(() => ({}))).toEqual([]);
  });

  it.each<[string, string, (bus: InProcessBus) => Partial<Bus>]>([
    [
      'that sends in another order',
      'published together in its order',
      (bus) => ({
        publish: (messages) => bus.publish(messages.toReversed()),
      }),
    ],
    [
      'that sends late what is not awaited',
      'one after the other in its order',
      (bus) => {
        let turn = 0;
        return {
          publish: async (messages) => {
            for (let wait = turn++ % 5; wait > 0; wait--) await Promise.resolve();
            return bus.publish(messages);
          },
        };
      },
    ],
    [
      'that loses messages',
      'delivers each message once',
      (bus) => listening(bus, ({ message }) => ({ message: (text) => text !== '2' && message(text) })),
    ],
    [
      'that repeats messages',
      'delivers each message once',
      (bus) => listening(bus, ({ message }) => ({ message: (text) => [message(text), message(text)] })),
    ],
    [
      'that changes texts',
      'carries any text',
      (bus) => listening(bus, ({ message }) => ({ message: (text) => message(text.trim()) })),
    ],
    [
      'that does not deliver to the sender',
      'the sender included',
      (bus) => {
        let mine: readonly string[] = [];
        return {
          ...listening(bus, ({ message }) => ({ message: (text) => mine.includes(text) || message(text) })),
          publish: async (messages) => {
            mine = [...messages];
            await bus.publish(messages);
          },
        };
      },
    ],
    [
      'that has nothing missing at first',
      'something may be missing before that',
      (bus) => listening(bus, ({ connected }) => ({ connected: () => connected('complete') })),
    ],
    ['that publishes after it was closed', 'rejects what is published after', () => ({ publish: async () => {} })],
    ['that delivers after it was closed', 'delivers nothing after it was closed', () => ({ close: async () => {} })],
    [
      'that cannot be closed twice',
      'can be closed more than once',
      (bus) => {
        let closed = 0;
        return {
          close: async () => {
            if (closed++ === 1) throw new Error('closed already');
            return bus.close();
          },
        };
      },
    ],
    [
      'that looks at a batch again',
      'does not look at a batch again',
      (bus) => ({
        publish: async (messages) => {
          await Promise.resolve();
          return bus.publish(messages);
        },
      }),
    ],
    [
      'that sends empty batches',
      'takes an empty batch',
      (bus) => ({
        publish: (messages) => bus.publish(messages.length === 0 ? [''] : messages),
      }),
    ],
    [
      'that reports what is no trouble',
      'delivers to every node',
      (bus) =>
        listening(bus, ({ connected, error }) => ({
          connected: (continuity) => {
            error(new Error('connected'));
            connected(continuity);
          },
        })),
    ],
  ])('finds a bus %s', async (_what, title, breaks) => {
    expect(await failuresOfBus(breaks, title)).not.toEqual([]);
  });
});

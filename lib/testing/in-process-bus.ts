import { CacheMisuseError, OptionProblems, type Clock } from '../core/index.js';
import type { Bus, BusListener } from '../tiers/index.js';

/** How a hub delivers. */
export interface InProcessHubOptions {
  /** Delivers by this clock, after `delayMs`. @defaultValue none: within `publish` */
  readonly clock?: Clock;
  /** How long a message is on its way, in milliseconds of the clock. @defaultValue 0, which is the next turn of the clock */
  readonly delayMs?: number;
  /** Whose nodes its buses claim to reach. @defaultValue 'process' */
  readonly scope?: Bus['scope'];
}

/** What the buses of one hub deliver to, by channel. */
type Deliver = (text: string) => void;

/** A place where the buses of one test meet; make one with {@link inProcessHub}. */
export interface InProcessHub {
  /** A bus of one more node. */
  bus(name?: string): InProcessBus;
}

/** Connects buses of this process, each of which stands for the bus of a node. */
export function inProcessHub(options: InProcessHubOptions = {}): InProcessHub {
  const problems = new OptionProblems('inProcessHub');
  problems.requireObject('options', options);
  problems.refuseUnknown(options, ['clock', 'delayMs', 'scope']);
  const { clock, delayMs = 0 } = options;
  const scope = problems.oneOf<Bus['scope'], 'process'>(
    'scope',
    options.scope,
    ['process', 'host', 'shared'],
    'process',
  );
  problems.require(typeof delayMs === 'number' && delayMs >= 0, 'delayMs', 'must be a number from 0', delayMs);
  problems.require(clock !== undefined || delayMs === 0, 'delayMs', 'needs a clock to be measured with', delayMs);
  problems.throwIfAny();
  const exchange = new Exchange(clock, delayMs);
  return { bus: (name = 'in-process') => new InProcessBus(name, scope, exchange) };
}

class Exchange {
  private readonly channels = new Map<string, Set<Deliver>>();

  constructor(
    private readonly clock: Clock | undefined,
    private readonly delayMs: number,
  ) {}

  join(channel: string, deliver: Deliver): () => void {
    const members = this.channels.get(channel) ?? new Set();
    this.channels.set(channel, members.add(deliver));
    return () => {
      members.delete(deliver);
    };
  }

  send(channel: string, messages: readonly string[]): void {
    const batch = [...messages];
    const deliver = (): void => {
      for (const text of batch) for (const member of [...(this.channels.get(channel) ?? [])]) member(text);
    };
    if (this.clock === undefined) deliver();
    else this.clock.after(this.delayMs, deliver);
  }
}

/**
 * A bus between nodes of one process: delivers everything to everybody on its channel, the sender included, in the order
 * in which it was published. It connects in the microtask after `start`.
 */
export class InProcessBus implements Bus {
  private channel: string | undefined;
  private leave: (() => void) | undefined;
  private closed = false;

  /** @internal */
  constructor(
    readonly name: string,
    readonly scope: Bus['scope'],
    private readonly exchange: Exchange,
  ) {}

  start(channel: string, listener: BusListener): void {
    this.channel = channel;
    queueMicrotask(() => {
      if (this.closed) return;
      this.leave = this.exchange.join(channel, (text) => listener.message(text));
      listener.connected('unknown');
    });
  }

  async publish(messages: readonly string[]): Promise<void> {
    if (this.closed || this.channel === undefined) {
      throw new CacheMisuseError(`bus "${this.name}" is not open; publish after start() and before close()`);
    }
    this.exchange.send(this.channel, messages);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.leave?.();
  }
}

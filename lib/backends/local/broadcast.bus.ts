import { BroadcastChannel } from 'node:worker_threads';
import { CacheMisuseError } from '../../core/index.js';
import type { Bus, BusListener } from '../../tiers/index.js';
import { resolveBusName, type LocalBusOptions } from './local-bus.options.js';

/**
 * A bus between the threads of this process, over a `BroadcastChannel`: it is connected from the start, for as long as it
 * is open, and keeps no thread alive.
 */
export function broadcastBus(options: LocalBusOptions = {}): Bus {
  return new BroadcastBus(resolveBusName('broadcastBus', options, 'broadcast'));
}

class BroadcastBus implements Bus {
  readonly scope = 'process';
  private channel: BroadcastChannel | undefined;
  private listener: BusListener | undefined;

  constructor(readonly name: string) {}

  start(name: string, listener: BusListener): void {
    const channel = new BroadcastChannel(`nestjs-strata:${name}`);
    channel.addEventListener('message', (event) => {
      const { data } = event as Event & { readonly data: unknown }; // a MessageEvent, which lib.dom alone has
      if (isTexts(data)) for (const text of data) this.listener?.message(text);
    });
    channel.addEventListener('messageerror', () =>
      this.listener?.error(new Error(`bus "${this.name}" was sent a message that it cannot read`)),
    );
    channel.unref();
    this.channel = channel;
    this.listener = listener;
    queueMicrotask(() => this.listener?.connected('unknown'));
  }

  async publish(messages: readonly string[]): Promise<void> {
    if (this.channel === undefined) {
      throw new CacheMisuseError(`bus "${this.name}" is not open; publish after start() and before close()`);
    }
    if (messages.length === 0) return;
    const batch = [...messages];
    this.channel.postMessage(batch);
    // A channel does not deliver to itself.
    for (const text of batch) this.listener?.message(text);
  }

  async close(): Promise<void> {
    this.channel?.close();
    this.channel = undefined;
    this.listener = undefined;
  }
}

/** Whether it is what `publish` posts: anybody in this process may post to the channel. */
function isTexts(data: unknown): data is string[] {
  return Array.isArray(data) && data.every((text) => typeof text === 'string');
}

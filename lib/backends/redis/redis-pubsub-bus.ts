import type { Cancel, Clock, Random } from '../../core/index.js';
import { LinkedBus } from './linked-bus.js';
import type { BusSettings } from './redis-bus.options.js';
import { unlessError, type Command } from './redis-connection.js';

/** How often a subscription is asked whether it is still there: it says nothing by itself while nobody publishes. */
const PING_MS = 1_000;

/**
 * A bus over pub/sub: whoever is not connected misses what is published, so that after each connection something may be
 * missing.
 */
export class RedisPubsubBus extends LinkedBus {
  private cancelPing: Cancel = () => {};

  constructor(settings: BusSettings, clock: Clock, random: Random) {
    super(settings.source, settings.source, settings, clock, random);
  }

  protected async follow(): Promise<void> {
    const { connection } = this.reader;
    if (connection === undefined) return;
    try {
      await this.reader.subscribe(this.channel, (message) => {
        if (this.reader.connection === connection) this.listener?.message(message);
      });
      if (this.reader.connection !== connection || this.listener === undefined) return;
      this.delivers('unknown');
      this.ping();
    } catch (error) {
      this.reader.replace(connection, error);
    }
  }

  protected rest(): void {
    this.cancelPing();
  }

  protected commandsFor(messages: readonly string[]): readonly Command[] {
    const { channel } = this;
    return messages.map((message) => ({ key: channel, name: 'PUBLISH', args: [channel, message] }));
  }

  private ping(): void {
    this.cancelPing();
    this.cancelPing = this.clock.after(PING_MS, () => {
      const { connection } = this.reader;
      if (connection === undefined) return;
      this.reader
        .send([{ key: '', name: 'PING', args: [] }])
        .then((replies) => {
          unlessError(replies);
          this.ping();
        })
        .catch((error: unknown) => this.reader.replace(connection, error));
    });
  }
}

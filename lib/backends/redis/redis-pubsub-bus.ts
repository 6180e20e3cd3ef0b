import type { Cancel, Clock, Random } from '../../core/index.js';
import type { Bus, BusListener } from '../../tiers/index.js';
import { Publisher } from './publisher.js';
import type { BusSettings } from './redis-bus.options.js';
import { unlessError } from './redis-connection.js';
import { RedisLink } from './redis-link.js';

/** How often a subscription is asked whether it is still there: it says nothing by itself while nobody publishes. */
const PING_MS = 1_000;

/**
 * A bus over pub/sub: whoever is not connected misses what is published, so that after each connection something may be
 * missing.
 */
export class RedisPubsubBus implements Bus {
  readonly name: string;
  readonly scope = 'shared';
  private readonly writer: RedisLink;
  private readonly reader: RedisLink;
  private publisher: Publisher;
  private listener: BusListener | undefined;
  private channel = '';
  private isSubscribed = false;
  private cancelPing: Cancel = () => {};

  constructor(
    private readonly settings: BusSettings,
    private readonly clock: Clock,
    random: Random,
  ) {
    this.name = settings.name;
    const error = (reason: unknown): void => this.listener?.error(reason);
    this.writer = new RedisLink(settings.source, { error: () => {} }, clock, random);
    this.reader = new RedisLink(
      settings.source,
      { connected: () => void this.subscribe(), disconnected: (reason) => this.lost(reason), error },
      clock,
      random,
    );
    this.publisher = new Publisher(this.writer, undefined);
  }

  start(channel: string, listener: BusListener): void {
    const name = `${this.settings.source.prefix}${channel}:bus`;
    this.listener = listener;
    this.channel = name;
    this.publisher = new Publisher(this.writer, (messages) =>
      messages.map((message) => ({ key: name, name: 'PUBLISH', args: [name, message] })),
    );
    this.settings.source.listenToErrors(() => {});
    this.writer.start();
    this.reader.start();
  }

  async loadPackage(): Promise<void> {
    await this.settings.source.connector();
  }

  publish(messages: readonly string[]): Promise<void> {
    return this.publisher.publish(messages);
  }

  async close(): Promise<void> {
    this.listener = undefined;
    this.cancelPing();
    this.writer.close();
    this.reader.close();
  }

  private async subscribe(): Promise<void> {
    const { connection } = this.reader;
    if (connection === undefined) return;
    try {
      await this.reader.subscribe(this.channel, (message) => {
        if (this.reader.connection === connection) this.listener?.message(message);
      });
      if (this.reader.connection !== connection || this.listener === undefined) return;
      this.isSubscribed = true;
      this.listener.connected('unknown');
      this.ping();
    } catch (error) {
      this.reader.replace(connection, error);
    }
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

  private lost(reason: unknown): void {
    this.cancelPing();
    if (!this.isSubscribed) return;
    this.isSubscribed = false;
    this.listener?.disconnected(reason);
  }
}

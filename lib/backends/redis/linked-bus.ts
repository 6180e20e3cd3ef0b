import type { Clock, Random } from '../../core/index.js';
import type { Bus, BusListener } from '../../tiers/index.js';
import { Publisher } from './publisher.js';
import type { BusSettings } from './redis-bus.options.js';
import type { Command } from './redis-connection.js';
import { RedisLink } from './redis-link.js';
import type { RedisSource } from './redis.options.js';

/** A bus over two connections: one publishes, and one waits for news, which occupies it. */
export abstract class LinkedBus implements Bus {
  readonly name: string;
  readonly scope = 'shared';
  protected readonly reader: RedisLink;
  protected listener: BusListener | undefined;
  /** What the bus is called on the server. */
  protected channel = '';
  private readonly writer: RedisLink;
  private publisher: Publisher;
  private isDelivering = false;

  /** @param reading the source for the connection that waits for news */
  constructor(
    private readonly source: RedisSource,
    reading: RedisSource,
    { name }: BusSettings,
    protected readonly clock: Clock,
    random: Random,
  ) {
    this.name = name;
    this.writer = new RedisLink(source, { error: () => {} }, clock, random);
    this.reader = new RedisLink(
      reading,
      {
        connected: () => void this.follow(),
        disconnected: (reason) => this.lost(reason),
        error: (reason) => this.listener?.error(reason),
      },
      clock,
      random,
    );
    this.publisher = new Publisher(this.writer, undefined);
  }

  start(channel: string, listener: BusListener): void {
    this.listener = listener;
    this.channel = `${this.source.prefix}${channel}:bus`;
    this.publisher = new Publisher(this.writer, (messages) => this.commandsFor(messages));
    this.source.listenToErrors(() => {});
    this.writer.start();
    this.reader.start();
  }

  async loadPackage(): Promise<void> {
    await this.source.connector();
  }

  publish(messages: readonly string[]): Promise<void> {
    return this.publisher.publish(messages);
  }

  async close(): Promise<void> {
    this.listener = undefined;
    this.rest();
    this.writer.close();
    this.reader.close();
  }

  /** Begins to listen on a connection that is new. */
  protected abstract follow(): Promise<void>;

  /** Stops what it does on its own time. */
  protected abstract rest(): void;

  /** What publishes these messages, in their order. */
  protected abstract commandsFor(messages: readonly string[]): readonly Command[];

  /** Messages arrive from now on; `unknown` where some before may be missing. */
  protected delivers(continuity: 'complete' | 'unknown'): void {
    this.isDelivering = true;
    this.listener?.connected(continuity);
  }

  protected lost(reason: unknown): void {
    this.rest();
    if (!this.isDelivering) return;
    this.isDelivering = false;
    this.listener?.disconnected(reason);
  }
}

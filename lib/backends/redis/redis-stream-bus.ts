import type { Cancel, Clock, Random } from '../../core/index.js';
import type { Bus, BusListener } from '../../tiers/index.js';
import { Publisher } from './publisher.js';
import type { BusSettings } from './redis-bus.options.js';
import { unlessError, type Command, type Reply } from './redis-connection.js';
import { RedisLink } from './redis-link.js';

/** How long the server waits for news before it answers that there are none, by which a lost connection is noticed. */
const BLOCK_MS = 1_000;
/** How many entries are read at once. */
const ENTRIES_PER_READ = 1_000;
/** How many messages are in one entry. */
const MESSAGES_PER_ENTRY = 500;
/** A stream that nobody writes to any more is gone after that. */
const STREAM_LIFE_MS = 86_400_000;
/** After an error reply the next attempt to read waits this long. */
const RETRY_MS = 500;

/** An entry: its id, and names and values of its fields in turn. */
type Entry = readonly [id: Buffer, fields: readonly Buffer[]];

/**
 * A bus over a Redis Stream: a log of which each node reads on from where it was.
 *
 * What proves that nothing was missed is the entry that was read last: entries go from the old end only, so as long as
 * that one is there, so is everything after it. It is looked for after each connection and, in the same pipeline, after
 * each read. When it is gone, the log was trimmed past us, emptied, lost or replaced by an older one, whichever; then
 * something may be missing, and we begin anew behind an entry of our own, which is there for certain.
 */
export class RedisStreamBus implements Bus {
  readonly name: string;
  readonly scope = 'shared';
  private readonly writer: RedisLink;
  private readonly reader: RedisLink;
  private publisher: Publisher;
  private listener: BusListener | undefined;
  private stream = '';
  /** The id of the entry that was read last. */
  private position: string | undefined;
  private isDelivering = false;
  private cancelRetry: Cancel = () => {};

  constructor(
    private readonly settings: BusSettings,
    private readonly clock: Clock,
    random: Random,
  ) {
    this.name = settings.name;
    const { source } = settings;
    const error = (reason: unknown): void => this.listener?.error(reason);
    this.writer = new RedisLink(source, { error: () => {} }, clock, random);
    this.reader = new RedisLink(
      { ...source, zombieMs: Math.max(source.zombieMs, 2 * BLOCK_MS) },
      { connected: () => void this.follow(), disconnected: (reason) => this.lost(reason), error },
      clock,
      random,
    );
    this.publisher = new Publisher(this.writer, undefined);
  }

  start(channel: string, listener: BusListener): void {
    this.listener = listener;
    this.stream = `${this.settings.source.prefix}${channel}:bus`;
    this.publisher = new Publisher(this.writer, (messages) => this.commandsFor(messages));
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
    this.cancelRetry();
    this.writer.close();
    this.reader.close();
  }

  private async follow(): Promise<void> {
    const { connection } = this.reader;
    if (connection === undefined || this.listener === undefined) return;
    const isCurrent = (): boolean => this.reader.connection === connection && this.listener !== undefined;
    try {
      const continuity = (await this.isComplete()) ? 'complete' : 'unknown';
      if (continuity === 'unknown') this.position = await this.beginAnew();
      if (!isCurrent()) return;
      this.isDelivering = true;
      this.listener.connected(continuity);
      while (isCurrent()) await this.readOn(isCurrent);
    } catch (error) {
      if (!isCurrent()) return;
      this.lost(error);
      this.listener?.error(error);
      this.cancelRetry = this.clock.after(RETRY_MS, () => void this.follow());
    }
  }

  private async readOn(isCurrent: () => boolean): Promise<void> {
    const from = this.position as string;
    const [news, last] = unlessError(await this.reader.send([this.read(from), this.lookFor(from)]));
    if (!isCurrent()) return;
    const entries = entriesOf(news);
    if (!isThere(last)) {
      this.lost(new Error('the stream no longer has what was read last'));
      // Without news, what comes next can only be found behind an entry that is there.
      if (entries.length === 0) this.position = await this.beginAnew();
      if (!isCurrent()) return;
      this.isDelivering = true;
      this.listener?.connected('unknown');
    }
    for (const [id, fields] of entries) {
      this.position = id.toString();
      for (let at = 0; at < fields.length; at += 2) {
        if (String(fields[at]) === 'm') this.listener?.message(String(fields[at + 1]));
      }
    }
  }

  private async isComplete(): Promise<boolean> {
    if (this.position === undefined) return false;
    const [last] = unlessError(await this.reader.send([this.lookFor(this.position)]));
    return isThere(last);
  }

  private async beginAnew(): Promise<string> {
    const [id] = unlessError(await this.reader.send([this.add(['begin', '']), this.lengthen()]));
    return String(id);
  }

  private lost(reason: unknown): void {
    this.cancelRetry();
    if (!this.isDelivering) return;
    this.isDelivering = false;
    this.listener?.disconnected(reason);
  }

  private commandsFor(messages: readonly string[]): Command[] {
    const commands: Command[] = [];
    for (let at = 0; at < messages.length; at += MESSAGES_PER_ENTRY) {
      commands.push(this.add(messages.slice(at, at + MESSAGES_PER_ENTRY).flatMap((message) => ['m', message])));
    }
    return [...commands, this.lengthen()];
  }

  private add(fields: readonly string[]): Command {
    const args = [this.stream, 'MAXLEN', '~', String(this.settings.maxLength), '*', ...fields];
    return { key: this.stream, name: 'XADD', args };
  }

  private lengthen(): Command {
    return { key: this.stream, name: 'PEXPIRE', args: [this.stream, String(STREAM_LIFE_MS)] };
  }

  private read(from: string): Command {
    const limits = ['COUNT', String(ENTRIES_PER_READ), 'BLOCK', String(BLOCK_MS)];
    return { key: this.stream, name: 'XREAD', args: [...limits, 'STREAMS', this.stream, from] };
  }

  private lookFor(id: string): Command {
    return { key: this.stream, name: 'XRANGE', args: [this.stream, id, id] };
  }
}

/** `[[stream, entries]]`, or null when there was no news. */
function entriesOf(reply: Reply | undefined): readonly Entry[] {
  if (!Array.isArray(reply)) return [];
  const [[, entries] = [undefined, []]] = reply as readonly (readonly [Buffer, readonly Entry[]])[];
  return entries;
}

function isThere(reply: Reply | undefined): boolean {
  return Array.isArray(reply) && reply.length > 0;
}

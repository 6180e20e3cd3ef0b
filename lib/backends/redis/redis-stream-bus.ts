import type { Cancel, Clock, Random } from '../../core/index.js';
import { LinkedBus } from './linked-bus.js';
import type { BusSettings } from './redis-bus.options.js';
import { unlessError, type Command, type Reply } from './redis-connection.js';

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
export class RedisStreamBus extends LinkedBus {
  private readonly maxLength: number;
  /** The id of the entry that was read last. */
  private position: string | undefined;
  private cancelRetry: Cancel = () => {};

  constructor(settings: BusSettings, clock: Clock, random: Random) {
    const { source } = settings;
    const reading = { ...source, zombieMs: Math.max(source.zombieMs, 2 * BLOCK_MS) };
    super(source, reading, settings, clock, random);
    this.maxLength = settings.maxLength;
  }

  protected async follow(): Promise<void> {
    const { connection } = this.reader;
    if (connection === undefined || this.listener === undefined) return;
    const isCurrent = (): boolean => this.reader.connection === connection && this.listener !== undefined;
    try {
      const continuity = (await this.isComplete()) ? 'complete' : 'unknown';
      if (continuity === 'unknown') this.position = await this.beginAnew();
      if (!isCurrent()) return;
      this.delivers(continuity);
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
      this.delivers('unknown');
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

  protected rest(): void {
    this.cancelRetry();
  }

  protected commandsFor(messages: readonly string[]): Command[] {
    const commands: Command[] = [];
    for (let at = 0; at < messages.length; at += MESSAGES_PER_ENTRY) {
      commands.push(this.add(messages.slice(at, at + MESSAGES_PER_ENTRY).flatMap((message) => ['m', message])));
    }
    return [...commands, this.lengthen()];
  }

  private add(fields: readonly string[]): Command {
    const args = [this.channel, 'MAXLEN', '~', String(this.maxLength), '*', ...fields];
    return { key: this.channel, name: 'XADD', args };
  }

  private lengthen(): Command {
    return { key: this.channel, name: 'PEXPIRE', args: [this.channel, String(STREAM_LIFE_MS)] };
  }

  private read(from: string): Command {
    const limits = ['COUNT', String(ENTRIES_PER_READ), 'BLOCK', String(BLOCK_MS)];
    return { key: this.channel, name: 'XREAD', args: [...limits, 'STREAMS', this.channel, from] };
  }

  private lookFor(id: string): Command {
    return { key: this.channel, name: 'XRANGE', args: [this.channel, id, id] };
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

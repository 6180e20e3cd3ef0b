import { CacheMisuseError } from '../../core/index.js';
import { unlessError, type Command } from './redis-connection.js';
import type { RedisLink } from './redis-link.js';

interface Flush {
  readonly messages: string[];
  readonly sent: Promise<void>;
}

/** Publishes what comes in one tick in one pipeline. */
export class Publisher {
  private flush: Flush | undefined;

  /** `commandsFor` says what publishes these messages, in their order. */
  constructor(
    private readonly link: RedisLink,
    private readonly commandsFor: ((messages: readonly string[]) => readonly Command[]) | undefined,
  ) {}

  async publish(messages: readonly string[]): Promise<void> {
    if (messages.length === 0) return;
    this.flush ??= this.begin();
    this.flush.messages.push(...messages);
    await this.flush.sent;
  }

  private begin(): Flush {
    const messages: string[] = [];
    const sent = Promise.resolve().then(async () => {
      this.flush = undefined;
      if (this.commandsFor === undefined) throw new CacheMisuseError('the bus was not started; call start() first');
      unlessError(await this.link.send(this.commandsFor(messages)));
    });
    return { messages, sent };
  }
}

import { MemcachedError } from './memcached-error.js';
import type { MetaConnection } from './meta-connection.js';
import type { MetaReply } from './meta-replies.js';
import type { MetaRequest } from './meta-requests.js';
import type { MetaAnswer } from './meta-socket.js';
import { ServerRing } from './server-ring.js';

/** What one command came to: the server's reply, or why there is none. */
export type Outcome = MetaReply | MemcachedError;

const TOO_LARGE = 'SERVER_ERROR object too large for cache';

/** The servers of a tier: sends each command to the server of its key. */
export class ServerPool {
  private readonly ring: ServerRing;

  constructor(
    private readonly names: readonly string[],
    private readonly connections: readonly MetaConnection[],
  ) {
    this.ring = new ServerRing(names);
  }

  start(report: (error: unknown) => void): void {
    for (const connection of this.connections) connection.start(report);
  }

  async close(): Promise<void> {
    await Promise.all(this.connections.map((connection) => connection.close()));
  }

  /** Of the connection to the key's server; see {@link MetaConnection.epoch}. */
  epochOf(key: string): string | undefined {
    return (this.connections[this.serverOf(key)] as MetaConnection).epoch;
  }

  nameOf(key: string): string {
    return this.names[this.serverOf(key)] as string;
  }

  /**
   * What each command came to, in the order asked; never rejects. The commands leave within this call, so that the epoch
   * read just before it is the one they are sent in. Those for one server are carried out in their order.
   */
  async exchange(requests: readonly MetaRequest[]): Promise<readonly Outcome[]> {
    const places = new Map<number, number[]>();
    requests.forEach(({ key }, place) => {
      const server = this.serverOf(key);
      const known = places.get(server);
      if (known === undefined) places.set(server, [place]);
      else known.push(place);
    });
    const outcomes = new Array<Outcome>(requests.length);
    await Promise.all(
      [...places].map(async ([server, ofServer]) => {
        const answers = await this.ask(
          server,
          ofServer.map((place) => requests[place] as MetaRequest),
        );
        ofServer.forEach((place, i) => (outcomes[place] = answers[i] as Outcome));
      }),
    );
    return outcomes;
  }

  /** The reply to each command; rejects with the first failure, once all have ended. */
  async replies(requests: readonly MetaRequest[]): Promise<readonly MetaReply[]> {
    return repliesOf(await this.exchange(requests));
  }

  private async ask(server: number, requests: readonly MetaRequest[]): Promise<readonly Outcome[]> {
    try {
      const answers = await (this.connections[server] as MetaConnection).exchange(requests);
      return answers.map((answer) => this.outcome(server, answer));
    } catch (error) {
      // A connection rejects with nothing else.
      return requests.map(() => error as MemcachedError);
    }
  }

  private outcome(server: number, answer: MetaAnswer): Outcome {
    if (answer.code !== 'refused') return answer;
    return new MemcachedError(this.names[server] as string, `refused: ${answer.message}`, {
      isTooLarge: answer.message === TOO_LARGE,
    });
  }

  private serverOf(key: string): number {
    return this.connections.length === 1 ? 0 : this.ring.serverOf(key);
  }
}

export function isFailure(outcome: Outcome): outcome is MemcachedError {
  return outcome instanceof MemcachedError;
}

export function throwFirst(failures: readonly MemcachedError[]): void {
  if (failures[0] !== undefined) throw failures[0];
}

/** The replies, where every command has one. */
export function repliesOf(outcomes: readonly Outcome[]): readonly MetaReply[] {
  throwFirst(outcomes.filter(isFailure));
  // Nothing else is left.
  return outcomes as readonly MetaReply[];
}

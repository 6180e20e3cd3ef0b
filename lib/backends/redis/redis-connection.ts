/** One argument of a command; strings go out as UTF-8. */
export type Argument = string | Buffer;

/** What a server answered: bulk strings as bytes, an error reply or a failure to send as an `Error`. */
export type Reply = null | number | string | Buffer | Error | readonly Reply[];

/** A command and the key that says which server of a cluster it goes to. */
export interface Command {
  readonly key: string;
  readonly name: string;
  readonly args: readonly Argument[];
}

/** Sends commands in one pipeline. One reply for each, in order; never rejects, but may never settle. */
export interface CommandSender {
  send(commands: readonly Command[]): Promise<readonly Reply[]>;
}

/**
 * A connection to a server, or to the servers of a cluster, by whichever client. It knows nothing of deadlines and it
 * need not reconnect: who opened it gives it up when something is wrong with it, and opens another.
 */
export interface RedisConnection extends CommandSender {
  /** Whether it speaks with several servers, each over a socket of its own. */
  readonly isCluster: boolean;
  /** The servers that hold keys, each to be spoken with by itself. */
  masters(): Promise<readonly CommandSender[]>;
  /** Delivers what is published on a channel, for as long as the connection lasts. Not for clusters. */
  subscribe(channel: string, listener: (message: string) => void): Promise<void>;
  close(): void;
  /** Closes without sending what is still unsent, as far as the client lets one. */
  abandon(): void;
}

/** What a connection tells who opened it; never while it is being opened. */
export interface ConnectionEvents {
  /** Commands can be sent. */
  ready(): void;
  /** It is of no use any more. */
  closed(reason: unknown): void;
  /** Trouble that it may overcome by itself. */
  trouble(error: unknown): void;
}

/** Opens a connection, in the background. */
export type Connect = (events: ConnectionEvents) => RedisConnection;

export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** The replies; throws the first that is an error. */
export function unlessError(replies: readonly Reply[]): readonly Reply[] {
  const error = replies.find((reply) => reply instanceof Error);
  if (error !== undefined) throw error;
  return replies;
}

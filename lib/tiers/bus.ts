/**
 * Carries messages between the nodes of an application. It is a pipe: who sent what, in which order, and whether
 * something is missing is told by the messages themselves, which its user writes and reads.
 */
export interface Bus {
  /** In events: `redis`. */
  readonly name: string;
  /** Whose nodes it reaches: those of this process, of this host, or all. */
  readonly scope: 'process' | 'host' | 'shared';

  /** Begins to connect, in the background, and delivers to `listener` until it is closed. Called once. */
  start(channel: string, listener: BusListener): void;

  /** Loads the package that it needs, and rejects with what to install; absent where none is needed. Applications ask when they start. */
  loadPackage?(): Promise<void>;

  /** Hands messages over, in their order. Rejects when that failed, at any time; they may have been delivered all the same. */
  publish(messages: readonly string[]): Promise<void>;

  close(): Promise<void>;
}

/** What a bus tells. */
export interface BusListener {
  /** A message of any node, this one included, in the order in which its sender published it, as long as nothing is lost. */
  message(text: string): void;
  /**
   * It delivers from here on. `'complete'`: everything since the last `message` has been delivered or will be, in order;
   * `'unknown'`: something may be missing, as at the first start or when the log was trimmed or replaced.
   */
  connected(continuity: 'complete' | 'unknown'): void;
  /** It delivers nothing until `connected` is called. */
  disconnected(reason: unknown): void;
  /** Trouble that belongs to no call. */
  error(error: unknown): void;
}

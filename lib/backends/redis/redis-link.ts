import type { Cancel, Clock, Random } from '../../core/index.js';
import type { Command, CommandSender, Connect, RedisConnection, Reply } from './redis-connection.js';
import { RedisError } from './redis-error.js';
import { randomToken } from './token.js';

/** The first wait before another connection is tried; it doubles up to the last. */
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1_000;
/** How many calls may wait for the first connection. */
const MAX_WAITING = 10_000;
/** Of how many connections that we gave up the server is asked. */
const MAX_SUSPECTS = 8;
/** Part of the time after which silence is checked once more, so that an event loop that was blocked hears what came meanwhile. */
const SECOND_LOOK = 0.25;

/** How a link connects. */
export interface LinkSettings {
  /** Where to, for messages; without credentials. */
  readonly target: string;
  /** Loads the client, which may be missing, and says how connections are opened. */
  readonly connector: () => Promise<Connect>;
  /** How long all answers may stay out while some are owed. */
  readonly zombieMs: number;
  /** How long opening a connection may take. */
  readonly openMs: number;
}

/** What a link tells. */
export interface LinkListener {
  /** It is connected, for the first time or again. */
  connected?(): void;
  disconnected?(reason: unknown): void;
  /** Trouble that belongs to no call; of an outage once. */
  error(error: unknown): void;
}

type State =
  | { readonly kind: 'new' | 'closed' }
  | { readonly kind: 'opening'; readonly connection?: RedisConnection }
  | { readonly kind: 'ready'; readonly connection: RedisConnection }
  | { readonly kind: 'resting'; readonly cancel: Cancel };

interface Call {
  readonly sentMs: number;
  reject(reason: Error): void;
}

/** A connection as the server knows it. */
interface Identity {
  readonly id: number;
  readonly name: string;
}

/**
 * Keeps a connection to Redis: opens it, gives it up when it is of no use, opens the next. While there is none, calls are
 * rejected at once; only during the first attempt they wait for it. Nothing is ever sent twice.
 *
 * A server that stopped, or a network that swallows packets, leaves a socket on which replies are owed and none comes.
 * No client replaces it in time. So when none came for `zombieMs`, the link rejects the calls and opens another
 * connection. What the old one has sent may still lie before the server and be run later, after newer commands of ours,
 * and bring back what they removed. Therefore each connection has a name that only it has, and the next one looks before
 * it is used whether the server still knows the old one, by id and by name, and has it killed. (Not on clusters, whose
 * clients have the sockets to themselves.)
 */
export class RedisLink implements CommandSender {
  private state: State = { kind: 'new' };
  private connect: Connect | undefined;
  private readonly calls = new Set<Call>();
  private lastReplyMs = 0;
  private watching = false;
  private attempts = 0;
  private lastFailure: unknown;
  private hasReported = false;
  private waiting: ((error: Error | undefined) => void)[] = [];
  private identity: Identity | undefined;
  private suspects: Identity[] = [];

  constructor(
    private readonly settings: LinkSettings,
    private readonly listener: LinkListener,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  start(): void {
    if (this.state.kind !== 'new') return;
    this.state = { kind: 'opening' };
    void this.settings.connector().then(
      (connect) => {
        this.connect = connect;
        if (this.state.kind === 'opening') this.open();
      },
      (error: unknown) => this.failForGood(error),
    );
  }

  /** The connection, when there is one. */
  get connection(): RedisConnection | undefined {
    return this.state.kind === 'ready' ? this.state.connection : undefined;
  }

  async send(commands: readonly Command[]): Promise<readonly Reply[]> {
    const connection = this.connection ?? (await this.firstConnection());
    return this.sendOver(connection, connection, commands);
  }

  /** The servers that hold keys. */
  async masters(): Promise<readonly CommandSender[]> {
    const connection = this.connection ?? (await this.firstConnection());
    const masters = await this.watched(connection, () => connection.masters());
    return masters.map((master) => ({ send: (commands) => this.sendOver(connection, master, commands) }));
  }

  async subscribe(channel: string, listener: (message: string) => void): Promise<void> {
    const connection = this.connection ?? (await this.firstConnection());
    await this.watched(connection, () => connection.subscribe(channel, listener));
  }

  /** Gives the connection up, if it is still the one in use, and opens another. */
  replace(connection: RedisConnection, reason: unknown): void {
    if (this.connection === connection) this.drop(connection, reason);
  }

  close(): void {
    const { state } = this;
    this.state = { kind: 'closed' };
    if (state.kind === 'resting') state.cancel();
    if (state.kind === 'opening' || state.kind === 'ready') state.connection?.close();
    this.settleAll(this.unavailable('it was closed'));
  }

  private sendOver(
    connection: RedisConnection,
    sender: CommandSender,
    commands: readonly Command[],
  ): Promise<readonly Reply[]> {
    return this.watched(connection, () => sender.send(commands));
  }

  /** Runs a call that settles at the latest when the connection is given up. */
  private watched<T>(connection: RedisConnection, run: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const call: Call = { sentMs: this.clock.now(), reject };
      this.calls.add(call);
      this.watch(connection);
      const settle = (): void => {
        this.calls.delete(call);
        this.lastReplyMs = this.clock.now();
      };
      run().then(
        (result) => {
          settle();
          resolve(result);
        },
        (error: unknown) => {
          settle();
          reject(error);
        },
      );
    });
  }

  private watch(connection: RedisConnection): void {
    if (this.watching) return;
    this.watching = true;
    const look = (isSecond: boolean): void => {
      if (this.calls.size === 0 || !this.isOf(connection)) {
        this.watching = false;
        if (this.calls.size > 0 && this.connection !== undefined) this.watch(this.connection);
        return;
      }
      const { zombieMs } = this.settings;
      const silentMs = this.silentMs(connection);
      if (silentMs < zombieMs * (1 - SECOND_LOOK)) {
        this.clock.after(zombieMs * (1 - SECOND_LOOK) - silentMs, () => look(false));
      } else if (!isSecond) {
        this.clock.after(Math.max(zombieMs * SECOND_LOOK, zombieMs - silentMs), () => look(true));
      } else {
        this.watching = false;
        this.drop(connection, this.unavailable(`it owes replies and sent none for ${Math.round(silentMs)} ms`));
      }
    };
    look(false);
  }

  /** How long no reply came while some were owed. Of several servers, how long one is owed: others may answer meanwhile. */
  private silentMs({ isCluster }: RedisConnection): number {
    const [oldest] = this.calls;
    const since = oldest?.sentMs ?? this.clock.now();
    return this.clock.now() - (isCluster ? since : Math.max(since, this.lastReplyMs));
  }

  private open(): void {
    const { connect } = this;
    if (connect === undefined) return;
    let connection: RedisConnection | undefined;
    const giveUp = (reason: unknown): void => {
      if (connection !== undefined) this.drop(connection, reason);
    };
    const cancel = this.clock.after(this.settings.openMs, () => {
      if (this.connection !== connection) giveUp(new Error(`it did not open within ${this.settings.openMs} ms`));
    });
    try {
      connection = connect({
        ready: () => {
          if (connection !== undefined && this.isOf(connection)) void this.introduce(connection, cancel);
        },
        closed: giveUp,
        trouble: (error) => {
          this.lastFailure = error;
        },
      });
      this.state = { kind: 'opening', connection };
    } catch (error) {
      cancel();
      this.rest(error);
    }
  }

  /** Tells the server who we are, has it kill those that we gave up before, and lets calls use the connection. */
  private async introduce(connection: RedisConnection, cancel: Cancel): Promise<void> {
    try {
      if (!connection.isCluster) this.identity = await this.exchangeIdentities(connection);
    } catch (error) {
      this.drop(connection, error);
      return;
    }
    if (!this.isOf(connection)) return;
    cancel();
    this.state = { kind: 'ready', connection };
    this.attempts = 0;
    this.hasReported = false;
    this.settleWaiting(undefined);
    this.listener.connected?.();
  }

  private async exchangeIdentities(connection: RedisConnection): Promise<Identity | undefined> {
    const name = `strata-${randomToken(this.random)}`;
    const asked = this.suspects;
    const [named, id, ...known] = await this.sendOver(connection, connection, [
      command('CLIENT', 'SETNAME', name),
      command('CLIENT', 'ID'),
      ...asked.map((suspect) => command('CLIENT', 'LIST', 'ID', String(suspect.id))),
    ]);
    const alive = asked.filter((suspect, at) => String(known[at]).includes(` name=${suspect.name} `));
    if (alive.length > 0) {
      const kills = alive.map((suspect) => command('CLIENT', 'KILL', 'ID', String(suspect.id)));
      await this.sendOver(connection, connection, kills);
    }
    this.suspects = this.suspects.filter((suspect) => !asked.includes(suspect));
    // A server that does not say, or a user who may not ask, gets no such protection.
    return named instanceof Error || typeof id !== 'number' ? undefined : { id, name };
  }

  private drop(connection: RedisConnection, reason: unknown): void {
    if (!this.isOf(connection)) return;
    const wasReady = this.state.kind === 'ready';
    if (this.identity !== undefined) this.suspects = [...this.suspects, this.identity].slice(-MAX_SUSPECTS);
    this.identity = undefined;
    connection.abandon();
    this.rest(reason);
    if (wasReady) this.listener.disconnected?.(reason);
  }

  /** Waits a while, longer each time, and tries again. */
  private rest(reason: unknown): void {
    this.lastFailure = reason;
    const delayMs = Math.min(FIRST_RETRY_MS * 2 ** this.attempts++, LAST_RETRY_MS) * (0.5 + this.random() / 2);
    const cancel = this.clock.after(delayMs, () => {
      if (this.state.kind === 'resting') this.open();
    });
    this.state = { kind: 'resting', cancel };
    this.settleAll(this.unavailable());
    this.report(reason);
  }

  private failForGood(error: unknown): void {
    if (this.state.kind === 'closed') return;
    this.lastFailure = error;
    this.state = { kind: 'resting', cancel: () => {} };
    this.settleAll(this.unavailable());
    this.report(error);
  }

  private report(reason: unknown): void {
    if (this.hasReported) return;
    this.hasReported = true;
    this.listener.error(reason);
  }

  private firstConnection(): Promise<RedisConnection> {
    const isFirst = this.state.kind === 'opening' && this.attempts === 0 && this.waiting.length < MAX_WAITING;
    if (!isFirst) return Promise.reject(this.unavailable());
    return new Promise((resolve, reject) => {
      this.waiting.push((error) => {
        if (this.connection !== undefined) resolve(this.connection);
        else reject(error ?? this.unavailable());
      });
    });
  }

  private isOf(connection: RedisConnection): boolean {
    const { state } = this;
    return (state.kind === 'opening' || state.kind === 'ready') && state.connection === connection;
  }

  private settleWaiting(error: Error | undefined): void {
    const { waiting } = this;
    this.waiting = [];
    for (const settle of waiting) settle(error);
  }

  private settleAll(error: Error): void {
    const calls = [...this.calls];
    this.calls.clear();
    for (const call of calls) call.reject(error);
    this.settleWaiting(error);
  }

  private unavailable(why = this.reasonOfState()): RedisError {
    return new RedisError(this.settings.target, why, { cause: this.lastFailure });
  }

  private reasonOfState(): string {
    if (this.state.kind === 'new') return 'it was not started';
    if (this.state.kind === 'closed') return 'it was closed';
    const { lastFailure } = this;
    return lastFailure instanceof Error ? lastFailure.message : String(lastFailure ?? 'it is being connected to');
  }
}

function command(name: string, ...args: readonly string[]): Command {
  return { key: '', name, args };
}

import { Emitter, type Cancel, type Clock, type Random } from '../core/index.js';
import type { Bus } from '../tiers/index.js';
import { formatMessage, parseMessage, type Announcement, type BusMessage, type Change } from './bus-message.js';
import { Deadlines } from './deadline.js';
import { TurnCheck, type AfterTurn } from './turn-check.js';

/** How often a node tells that it is there. */
export const HEARTBEAT_MS = 1_000;
/** After so long without a sign a connection, or another node, counts as lost: the staleness bound of a node that is cut off. */
export const LOSS_MS = 3_000;
/** After a stall of the event loop messages may wait that the timer overtook: they get this long. */
const SECOND_LOOK_MS = 100;
/**
 * When nothing has been heard for so long and no timer has said so, the process was stopped, or its event loop blocked:
 * what it has in memory may be of any age.
 */
const STALL_MS = LOSS_MS + HEARTBEAT_MS + SECOND_LOOK_MS;
/** How long a caller waits for its change to be handed over. */
const PUBLISH_TIMEOUT_MS = 500;
/** Beyond that the oldest are dropped: the others notice the gap, and drop what they have. */
const MAX_OUTGOING = 10_000;

/** One cache, as the link sees it. */
export interface BusSubscriber {
  /** Another node changed something. */
  apply(change: Change): void;
  /** Changes may have been missed: nothing that was stored until now can be trusted. */
  distrust(reason: string): void;
  /** Something arrived that no node wrote, or a publication failed. */
  trouble(error: unknown): void;
}

/** A message on its way to the bus. */
interface Outgoing {
  /** Each attempt to publish it says when that was. */
  readonly message: Omit<BusMessage, 'madeAtMs'>;
  /** The bus took it, or it will be tried again: nobody has to wait for it any more. */
  readonly settle: () => void;
}

/** What is known of another node. */
interface Peer {
  sequence: number;
  heardAtMs: number;
}

/**
 * One node's place among the others on a bus: tells them its changes, applies theirs, and knows when it may have missed
 * some.
 *
 * Each message has its node's origin and a number. A repeated or late number changes nothing; a number too high means
 * that something is missing. Every node sends a heartbeat with its last number, so that a lost last message shows too.
 * A node that hears its own heartbeat knows that it hears the bus. It distrusts its memory once when there is a gap, when
 * the bus cannot say that it delivered everything since a cut, when its own heartbeats stay away for LOSS_MS, and when
 * another node falls silent for as long without having said that it leaves: that one may be changing things that nobody
 * here hears of.
 *
 * What counts is when a heartbeat was made, not when it was heard: one that waited while the process was stopped says
 * nothing about what came after it.
 *
 * Races. A process that was stopped and goes on: whatever it was about to do comes before its timers and its messages,
 * so that whoever reads memory asks first ({@link attend}). A change published twice, because the first attempt failed
 * late: the same number, applied once. A heartbeat that overtakes nothing: a bus keeps one sender's order. A timer that fires before the messages that a stalled event
 * loop has not read yet: it looks a second time after a moment.
 */
export class BusLink {
  /** Why its connection ended or does not open, or that nothing is heard. */
  readonly failures = new Emitter<unknown>();
  private readonly origin: string;
  private readonly deadlines: Deadlines;
  private readonly standstill: TurnCheck;
  private readonly peers = new Map<string, Peer>();
  private readonly subscribers = new Map<string, BusSubscriber>();
  private outgoing: Outgoing[] = [];
  private sequence = 0;
  private flushing: Promise<void> | undefined = undefined;
  /** Everything that was on the bus before that has been heard. */
  private heardUntilMs = -Infinity;
  private trustedSinceMs: number | undefined = undefined;
  private cancelTimer: Cancel | undefined = undefined;
  private hasConnected = false;
  private isClosed = false;

  constructor(
    private readonly bus: Bus,
    channel: string,
    private readonly ports: { readonly clock: Clock; readonly random: Random; readonly afterTurn?: AfterTurn },
  ) {
    this.standstill = new TurnCheck(ports.afterTurn);
    this.origin = `${hex(ports.random)}${hex(ports.random)}`;
    this.deadlines = new Deadlines(PUBLISH_TIMEOUT_MS, ports.clock);
    bus.start(channel, {
      message: (text) => this.receive(text),
      connected: (continuity) => this.connect(continuity),
      disconnected: (reason) => this.fail(reason),
      error: (error) => this.fail(error),
    });
    this.beat();
  }

  get name(): string {
    return this.bus.name;
  }

  get scope(): Bus['scope'] {
    return this.bus.scope;
  }

  /** Whether every change of another node is heard of; else what is stored now may be outdated unnoticed. */
  get isTrusted(): boolean {
    return this.trustedSinceMs !== undefined;
  }

  /** How it is at the moment: how many other nodes are heard, and how many messages the bus has not taken yet. */
  get gauges(): { readonly name: string; readonly trusted: boolean; readonly nodes: number; readonly waiting: number } {
    return { name: this.name, trusted: this.isTrusted, nodes: this.peers.size, waiting: this.outgoing.length };
  }

  /** To be called before memory is read: a process that was stopped for long distrusts it before it looks. */
  attend(): void {
    if (this.standstill.isDue()) this.checkStandstill();
  }

  subscribe(space: string, subscriber: BusSubscriber): () => void {
    this.subscribers.set(space, subscriber);
    return () => this.subscribers.delete(space);
  }

  /** Tells the others; settles when the bus took it, or after a moment when it did not: then it is tried again. */
  async announce(space: string, change: Change): Promise<void> {
    await this.handOver({ sequence: ++this.sequence, announcements: [{ space, change }] });
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.cancelTimer?.();
    await this.handOver({ leaving: true });
    await this.deadlines.attempt(
      () => this.bus.close(),
      () => undefined,
    );
    this.deadlines.close();
  }

  private receive(text: string): void {
    const message = parseMessage(text);
    if (message === undefined) {
      this.tellTrouble(new Error(`a message on bus "${this.name}" is not of this version; it changed nothing`));
      return;
    }
    const nowMs = this.ports.clock.now();
    if (message.origin === this.origin) {
      this.heardUntilMs = Math.max(this.heardUntilMs, message.madeAtMs);
      if (!this.isClosed && !this.isSilent()) this.trustedSinceMs ??= nowMs;
      return;
    }
    const peer = this.peers.get(message.origin);
    if (message.leaving) this.peers.delete(message.origin);
    else if (peer === undefined) this.meet(message, nowMs);
    else this.follow(peer, message, nowMs);
  }

  /** A node that was not known: what it told before this node listened concerns nothing that is stored. */
  private meet(message: BusMessage, nowMs: number): void {
    const { origin, sequence, announcements } = message;
    this.peers.set(origin, { sequence, heardAtMs: nowMs });
    const isFirst = announcements.length > 0 ? sequence === 1 : sequence === 0;
    const hasListened = this.trustedSinceMs !== undefined && nowMs - this.trustedSinceMs > LOSS_MS;
    if (!isFirst && hasListened) this.distrust(`node ${origin} was not heard from its start`);
    else this.apply(announcements);
  }

  private follow(peer: Peer, { origin, sequence, announcements }: BusMessage, nowMs: number): void {
    peer.heardAtMs = nowMs;
    const expected = announcements.length > 0 ? peer.sequence + 1 : peer.sequence;
    if (sequence < expected) return;
    peer.sequence = sequence;
    if (sequence === expected) this.apply(announcements);
    else this.distrust(`changes of node ${origin} are missing`);
  }

  private apply(announcements: readonly Announcement[]): void {
    for (const { space, change } of announcements) this.subscribers.get(space)?.apply(change);
  }

  private connect(continuity: 'complete' | 'unknown'): void {
    // What was stored before the first time is no older than the staleness bound: nothing was trusted yet.
    if (continuity === 'unknown' && this.hasConnected) {
      this.peers.clear();
      this.distrust('the bus cannot tell what was missed');
    }
    this.hasConnected = true;
    this.sendHeartbeat();
  }

  private distrust(reason: string): void {
    for (const subscriber of this.subscribers.values()) subscriber.distrust(reason);
  }

  private fail(error: unknown): void {
    this.tellTrouble(error);
    this.failures.emit(error);
  }

  private tellTrouble(error: unknown): void {
    for (const subscriber of this.subscribers.values()) subscriber.trouble(error);
  }

  /** The timer of this node: tells that it is there, and looks whether the others are. */
  private beat(): void {
    if (this.isClosed) return;
    this.sendHeartbeat();
    const isSuspicious = this.isCutOff() || this.silentPeers().length > 0;
    if (isSuspicious) {
      this.cancelTimer = this.ports.clock.after(SECOND_LOOK_MS, () => {
        this.giveUp();
        this.cancelTimer = this.ports.clock.after(HEARTBEAT_MS - SECOND_LOOK_MS, () => this.beat());
      });
    } else {
      this.cancelTimer = this.ports.clock.after(HEARTBEAT_MS, () => this.beat());
    }
  }

  private isCutOff(): boolean {
    return this.trustedSinceMs !== undefined && this.isSilent();
  }

  private checkStandstill(): void {
    if (this.trustedSinceMs === undefined || this.ports.clock.now() - this.heardUntilMs <= STALL_MS) return;
    this.loseTrust('the process stood still');
  }

  private isSilent(): boolean {
    return this.ports.clock.now() - this.heardUntilMs > LOSS_MS;
  }

  private loseTrust(reason: string): void {
    this.trustedSinceMs = undefined;
    this.peers.clear();
    this.distrust(reason);
  }

  private silentPeers(): string[] {
    const nowMs = this.ports.clock.now();
    return [...this.peers].filter(([, { heardAtMs }]) => nowMs - heardAtMs > LOSS_MS).map(([origin]) => origin);
  }

  private giveUp(): void {
    if (this.isCutOff()) {
      const reason = `nothing was heard on the bus for ${LOSS_MS} ms`;
      this.loseTrust(reason);
      this.failures.emit(new Error(reason));
      return;
    }
    const silent = this.silentPeers();
    if (silent.length === 0) return;
    for (const origin of silent) this.peers.delete(origin);
    // While this node is cut off it trusts nothing anyway.
    if (this.isTrusted) this.distrust(`node ${silent.join(', ')} fell silent`);
  }

  private sendHeartbeat(): void {
    // One that waits says nothing that the next one does not.
    if (this.outgoing.length > 0) {
      void this.flush();
      return;
    }
    this.enqueue({});
    void this.flush();
  }

  /** Resolves when the bus took it, or after {@link PUBLISH_TIMEOUT_MS}; others that come meanwhile keep nobody. */
  private async handOver(message: Partial<BusMessage>): Promise<void> {
    const taken = new Promise<void>((resolve) => this.enqueue(message, resolve));
    void this.flush();
    await this.deadlines.attempt(
      () => taken,
      () => undefined,
    );
  }

  private enqueue(given: Partial<BusMessage>, settle: () => void = () => {}): void {
    const { origin, sequence } = this;
    this.outgoing.push({ message: { origin, sequence, announcements: [], leaving: false, ...given }, settle });
    if (this.outgoing.length <= MAX_OUTGOING) return;
    for (const { settle: settleDropped } of this.outgoing.splice(0, this.outgoing.length - MAX_OUTGOING / 2)) {
      settleDropped();
    }
  }

  /** Hands over what waits, in order; what comes meanwhile too. What fails stays, for the next heartbeat. */
  private flush(): Promise<void> {
    return (this.flushing ??= this.publishAll());
  }

  private async publishAll(): Promise<void> {
    try {
      // The calls of one tick go together.
      await Promise.resolve();
      while (this.outgoing.length > 0) {
        const batch = new Set(this.outgoing);
        const madeAtMs = this.ports.clock.now();
        await this.inTime(this.bus.publish([...batch].map(({ message }) => formatMessage({ ...message, madeAtMs }))));
        this.outgoing = this.outgoing.filter((message) => !batch.has(message));
        for (const { settle } of batch) settle();
      }
    } catch (error) {
      for (const { settle } of this.outgoing) settle();
      this.tellTrouble(error);
    } finally {
      this.flushing = undefined;
    }
  }

  private inTime(published: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.ports.clock.after(PUBLISH_TIMEOUT_MS, () =>
        reject(new Error(`bus "${this.name}" took no message within ${PUBLISH_TIMEOUT_MS} ms`)),
      );
      published.then(resolve, reject).finally(cancel);
    });
  }
}

function hex(random: Random): string {
  return Math.floor(random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
}

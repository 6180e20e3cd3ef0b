import cluster from 'node:cluster';
import process from 'node:process';
import { CacheMisuseError, systemRandom } from '../../core/index.js';
import type { Bus, BusListener } from '../../tiers/index.js';
import { ClusterRelay } from './cluster-relay.js';
import { readWire, TAG, type ClusterWire } from './cluster-wire.js';
import { resolveBusName, type LocalBusOptions } from './local-bus.options.js';

/**
 * A bus between the processes of Node's `cluster`, over the connection that each worker has to the primary anyway. The
 * primary relays: it has a bus of its own, or calls {@link relayClusterBus}. In a process that is no worker of a cluster
 * it reaches the buses of that process.
 */
export function clusterBus(options: LocalBusOptions = {}): Bus {
  const name = resolveBusName('clusterBus', options, 'cluster');
  const member = systemRandom().toString(36).slice(2);
  return cluster.isPrimary ? new PrimaryBus(name, member) : new WorkerBus(name, member);
}

class PrimaryBus implements Bus {
  readonly scope = 'host';
  private joined: { readonly relay: ClusterRelay; readonly channel: string } | undefined;

  constructor(
    readonly name: string,
    private readonly member: string,
  ) {}

  start(channel: string, listener: BusListener): void {
    const relay = ClusterRelay.hold();
    this.joined = { relay, channel };
    queueMicrotask(() => {
      if (this.joined === undefined) return;
      relay.join(channel, this.member, (texts) => {
        for (const text of texts) listener.message(text);
      });
      listener.connected('unknown');
    });
  }

  async publish(messages: readonly string[]): Promise<void> {
    if (this.joined === undefined) throw notOpen(this.name);
    if (messages.length > 0) this.joined.relay.publish(this.joined.channel, [...messages]);
  }

  async close(): Promise<void> {
    this.joined?.relay.leave(this.joined.channel, this.member);
    this.joined?.relay.release();
    this.joined = undefined;
  }
}

class WorkerBus implements Bus {
  readonly scope = 'host';
  private open: { readonly channel: string; readonly listener: BusListener } | undefined;
  private isConnected = false;
  private published = 0;
  /** What was sent to the primary and is not answered yet. */
  private readonly pending = new Map<number, { resolve: () => void; reject: (reason: Error) => void }>();

  constructor(
    readonly name: string,
    private readonly member: string,
  ) {}

  start(channel: string, listener: BusListener): void {
    this.open = { channel, listener };
    process.on('message', this.onMessage);
    process.on('disconnect', this.onGone);
    this.join();
  }

  publish(messages: readonly string[]): Promise<void> {
    const { open, member } = this;
    if (open === undefined) return Promise.reject(notOpen(this.name));
    if (!this.isConnected) return Promise.reject(new Error(`bus "${this.name}" has no connection to the primary`));
    if (messages.length === 0) return Promise.resolve();
    const id = ++this.published;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.send({ [TAG]: 'publish', channel: open.channel, member, id, texts: [...messages] }, (error) => {
        if (this.pending.delete(id)) reject(error);
      });
    });
  }

  async close(): Promise<void> {
    const { open, member } = this;
    if (open === undefined) return;
    this.open = undefined;
    process.off('message', this.onMessage);
    process.off('disconnect', this.onGone);
    this.send({ [TAG]: 'leave', channel: open.channel, member });
    this.rejectPending();
  }

  private join(): void {
    if (this.open !== undefined) this.send({ [TAG]: 'join', channel: this.open.channel, member: this.member });
  }

  private readonly onMessage = (message: unknown): void => {
    const wire = readWire(message);
    switch (wire?.[TAG]) {
      case 'hello':
        this.join();
        return;
      case 'joined':
        // It may have asked twice: as it started, and because the relay began just then.
        if (wire.member !== this.member || this.isConnected) return;
        this.isConnected = true;
        this.open?.listener.connected('unknown');
        return;
      case 'deliver':
        if (wire.member === this.member) for (const text of wire.texts) this.open?.listener.message(text);
        return;
      case 'published':
        if (wire.member !== this.member) return;
        this.pending.get(wire.id)?.resolve();
        this.pending.delete(wire.id);
        return;
      case 'bye':
        this.lose(new Error(`bus "${this.name}": the primary has stopped to relay`));
        return;
      default:
    }
  };

  private readonly onGone = (): void =>
    this.lose(new Error(`bus "${this.name}": the connection to the primary is closed`));

  private lose(reason: Error): void {
    if (!this.isConnected) return;
    this.isConnected = false;
    this.rejectPending(reason);
    this.open?.listener.disconnected(reason);
  }

  private rejectPending(reason: Error = notOpen(this.name)): void {
    for (const { reject } of this.pending.values()) reject(reason);
    this.pending.clear();
  }

  private send(wire: ClusterWire, failed: (error: Error) => void = () => {}): void {
    if (process.connected !== true || process.send === undefined) failed(notOpen(this.name));
    else process.send(wire, undefined, undefined, (error) => error && failed(error));
  }
}

function notOpen(name: string): Error {
  return new CacheMisuseError(`bus "${name}" is not open; publish after start() and before close()`);
}

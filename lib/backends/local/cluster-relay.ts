import cluster, { type Worker } from 'node:cluster';
import { readWire, TAG, type ClusterWire } from './cluster-wire.js';

/** Where the relay of this process is kept: on what it relays for, so that two copies of this package share it. */
const RELAY = Symbol.for('nestjs-strata:cluster-relay');

type Deliver = (texts: readonly string[]) => void;

/**
 * Hands what is published in one process of a cluster to all of them. It is in the primary, once, for as long as somebody
 * there holds it. All messages pass it one after the other, so every process sees them in one order.
 */
export class ClusterRelay {
  private readonly channels = new Map<string, Map<string, Deliver>>();
  private holders = 0;

  /** The relay of this process, which begins when it is first held. */
  static hold(): ClusterRelay {
    const kept = cluster as { [RELAY]?: ClusterRelay };
    const relay = (kept[RELAY] ??= new ClusterRelay());
    if (relay.holders++ === 0) relay.open();
    return relay;
  }

  /** Ends the relay when nobody else holds it. */
  release(): void {
    if (--this.holders > 0) return;
    cluster.off('message', this.onMessage);
    cluster.off('disconnect', this.onGone);
    this.channels.clear();
    this.toAll({ [TAG]: 'bye' });
  }

  join(channel: string, member: string, deliver: Deliver): void {
    const members = this.channels.get(channel) ?? new Map<string, Deliver>();
    this.channels.set(channel, members.set(member, deliver));
  }

  leave(channel: string, member: string): void {
    const members = this.channels.get(channel);
    members?.delete(member);
    if (members?.size === 0) this.channels.delete(channel);
  }

  publish(channel: string, texts: readonly string[]): void {
    for (const deliver of [...(this.channels.get(channel)?.values() ?? [])]) deliver(texts);
  }

  private open(): void {
    cluster.on('message', this.onMessage);
    cluster.on('disconnect', this.onGone);
    // Workers that were there before have asked nobody.
    this.toAll({ [TAG]: 'hello' });
  }

  private readonly onMessage = (worker: Worker, message: unknown): void => {
    const wire = readWire(message);
    switch (wire?.[TAG]) {
      case 'join': {
        const { channel, member } = wire;
        this.join(channel, memberOf(worker, member), (texts) => send(worker, { [TAG]: 'deliver', member, texts }));
        send(worker, { [TAG]: 'joined', member });
        return;
      }
      case 'leave':
        this.leave(wire.channel, memberOf(worker, wire.member));
        return;
      case 'publish':
        this.publish(wire.channel, wire.texts);
        send(worker, { [TAG]: 'published', member: wire.member, id: wire.id });
        return;
      default:
    }
  };

  private readonly onGone = (worker: Worker): void => {
    for (const [channel, members] of this.channels) {
      for (const member of members.keys()) if (member.startsWith(memberOf(worker, ''))) this.leave(channel, member);
    }
  };

  private toAll(wire: ClusterWire): void {
    for (const worker of Object.values(cluster.workers ?? {})) if (worker !== undefined) send(worker, wire);
  }
}

/**
 * Lets the primary of a cluster relay for the buses of its workers, where it has no bus of its own. Returns what ends it.
 */
export function relayClusterBus(): () => void {
  const relay = ClusterRelay.hold();
  let held = true;
  return () => {
    if (held) relay.release();
    held = false;
  };
}

function memberOf(worker: Worker, member: string): string {
  return `${worker.id}:${member}`;
}

function send(worker: Worker, wire: ClusterWire): void {
  // A worker that goes away meanwhile has no use for it, and its own end tells it that it is cut off.
  if (worker.isConnected()) worker.send(wire, () => {});
}

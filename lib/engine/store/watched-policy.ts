import type { EvictionPolicy, PolicyFactory, PolicyHost } from '../policy/eviction-policy.js';
import type { ReuseSample } from './reuse-sample.js';

/** A policy whose store's uses are sampled. */
export function watched(policy: PolicyFactory, sample: ReuseSample): PolicyFactory {
  return (host) => new WatchedPolicy(policy(host), host, sample);
}

/** Passes everything on to another policy, with the methods that that one has, and tells a sample of what is used. */
class WatchedPolicy implements EvictionPolicy {
  readonly notedAs?: string;
  readonly onMove?: EvictionPolicy['onMove'];
  readonly shrink?: EvictionPolicy['shrink'];
  readonly walk?: EvictionPolicy['walk'];
  readonly notesOf?: EvictionPolicy['notesOf'];
  readonly state?: EvictionPolicy['state'];
  readonly onRestore?: EvictionPolicy['onRestore'];
  /** The last that was used: a burst of reads of one key is one use. */
  private last = -1;

  constructor(
    private readonly inner: EvictionPolicy,
    private readonly host: PolicyHost,
    private readonly sample: ReuseSample,
  ) {
    if (inner.notedAs !== undefined) this.notedAs = inner.notedAs;
    this.shrink = inner.shrink?.bind(inner);
    this.walk = inner.walk?.bind(inner);
    this.notesOf = inner.notesOf?.bind(inner);
    this.state = inner.state?.bind(inner);
    this.onMove = inner.onMove && ((from, to) => this.moved(from, to));
    this.onRestore = inner.onRestore?.bind(inner);
  }

  onInsert(slot: number): void {
    this.inner.onInsert(slot);
    this.used(slot);
  }

  onAccess(slot: number): void {
    this.inner.onAccess(slot);
    if (slot !== this.last) this.used(slot);
  }

  onUpdate(slot: number, previousWeight: number): void {
    this.inner.onUpdate(slot, previousWeight);
    this.used(slot);
  }

  onRemove(slot: number): void {
    const hash = this.host.hashOf(slot);
    if (this.sample.wants(hash)) this.sample.forget(hash);
    this.left(slot);
    this.inner.onRemove(slot);
  }

  onEvict(slot: number): void {
    this.left(slot);
    this.inner.onEvict(slot);
  }

  nextVictim(): number {
    return this.inner.nextVictim();
  }

  slots(): Iterable<number> {
    return this.inner.slots();
  }

  grow(capacity: number): void {
    this.inner.grow(capacity);
  }

  resize(maximum: number): void {
    this.inner.resize(maximum);
  }

  clear(): void {
    this.last = -1;
    this.sample.forgetAll();
    this.inner.clear();
  }

  get bytes(): number {
    return (this.inner.bytes ?? 0) + this.sample.bytes;
  }

  assertStructure(): void {
    this.inner.assertStructure?.();
  }

  private used(slot: number): void {
    this.last = slot;
    const hash = this.host.hashOf(slot);
    if (this.sample.wants(hash)) this.sample.used(hash, this.host.weightOf(slot));
  }

  private left(slot: number): void {
    if (slot === this.last) this.last = -1;
  }

  private moved(from: number, to: number): void {
    if (from === this.last) this.last = to;
    this.inner.onMove?.(from, to);
  }
}

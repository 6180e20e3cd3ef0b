import { systemClock, systemRandom, type Clock, type Random } from '../core/index.js';
import type { Bus, BusListener } from '../tiers/index.js';
import type { ChaosOptions } from './chaos-tier.js';
import { FaultPlan, type FaultRule } from './fault-plan.js';

/** What faults of a bus can strike: what this node publishes, call by call, and what it is delivered, message by message. */
export type BusCall = 'publish' | 'deliver';

/** What can go wrong on a bus. */
export type BusFault =
  /** A delivered message is lost, and nobody says so; what is published is, too. */
  | { readonly kind: 'drop' }
  /** Messages come twice. */
  | { readonly kind: 'duplicate' }
  /** A delivered message is held back until another has passed it, or until `flush()`; what is published together is sent backwards. */
  | { readonly kind: 'reorder' }
  /** A message comes so many milliseconds of the clock later, and those behind it after it. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** The text of a message is another. */
  | { readonly kind: 'garble' }
  /** `publish` rejects, and nothing was sent. */
  | { readonly kind: 'fail'; readonly error?: unknown }
  /** `publish` sends, and then rejects. */
  | { readonly kind: 'applyThenFail'; readonly error?: unknown };

const CALLS: readonly BusCall[] = ['publish', 'deliver'];
const ONLY_PUBLISHED = new Set<BusFault['kind']>(['fail', 'applyThenFail']);

/**
 * The bus of one node, with faults: `chaos.inject({ kind: 'drop' }, { probability: 0.1 })`, which strike what is delivered
 * to this node unless the rule names `publish`; and cut off from the others by {@link cut}. Without faults it is the bus
 * that it wraps.
 */
export class ChaosBus implements Bus {
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly plan: FaultPlan<BusCall, BusFault>;
  private listener: BusListener | undefined;
  /** What came while this node was cut off. */
  private missed: string[] | undefined;
  /** Held back until something passes it. */
  private held: string[] = [];
  private delayed = 0;
  private deliversAtMs = 0;
  private closed = false;

  constructor(
    private readonly bus: Bus,
    { clock = systemClock, random = systemRandom }: ChaosOptions = {},
  ) {
    this.clock = clock;
    this.random = random;
    this.plan = new FaultPlan('ChaosBus', CALLS, random);
  }

  get name(): string {
    return this.bus.name;
  }

  get scope(): Bus['scope'] {
    return this.bus.scope;
  }

  /** Lets a fault strike, each matching call unless the rule says otherwise. What is returned takes it back. */
  inject(fault: BusFault, rule: FaultRule<BusCall> = {}): () => void {
    const on = ONLY_PUBLISHED.has(fault.kind) ? 'publish' : 'deliver';
    return this.plan.add(fault, { ...rule, on: rule.on ?? [on] });
  }

  /** How often each kind of fault has struck. */
  get struck(): ReadonlyMap<BusFault['kind'], number> {
    return this.plan.struck;
  }

  /** Cuts this node off: it is told so, what it publishes is rejected, and what others publish does not come. */
  cut(reason: unknown = new Error('chaos: the bus is cut off')): void {
    if (this.missed !== undefined || this.listener === undefined) return;
    this.missed = [];
    this.listener.disconnected(reason);
  }

  /** Connects this node again: `'complete'` delivers what it missed first, `'unknown'` has lost it. */
  mend(continuity: 'complete' | 'unknown'): void {
    const { missed, listener } = this;
    if (missed === undefined || listener === undefined) return;
    this.missed = undefined;
    listener.connected(continuity);
    if (continuity === 'complete') for (const text of missed) listener.message(text);
  }

  /** Delivers what was held back. */
  flush(): void {
    const { held } = this;
    this.held = [];
    for (const text of held) this.pass(text);
  }

  /** Takes every fault back, delivers what was held back, and connects again with something missing. */
  heal(): void {
    this.plan.clear();
    this.flush();
    this.mend('unknown');
  }

  /** Reports trouble that belongs to no call. */
  trouble(error: unknown): void {
    this.listener?.error(error);
  }

  async loadPackage(): Promise<void> {
    await this.bus.loadPackage?.();
  }

  start(channel: string, listener: BusListener): void {
    this.listener = listener;
    this.bus.start(channel, {
      message: (text) => this.deliver(text),
      // While chaos has cut this node off, what the bus itself says of its connection would end that.
      connected: (continuity) => this.missed === undefined && listener.connected(continuity),
      disconnected: (reason) => this.missed === undefined && listener.disconnected(reason),
      error: (error) => listener.error(error),
    });
  }

  async publish(messages: readonly string[]): Promise<void> {
    if (this.missed !== undefined && !this.closed) throw new Error('chaos: the bus is cut off');
    const fault = this.plan.strike('publish');
    switch (fault?.kind) {
      case undefined:
        return this.bus.publish(messages);
      case 'fail':
        throw fault.error ?? new Error('chaos: publish fails');
      case 'applyThenFail':
        await this.bus.publish(messages);
        throw fault.error ?? new Error('chaos: publish fails after it happened');
      case 'drop':
        return undefined;
      case 'duplicate':
        await this.bus.publish(messages);
        return this.bus.publish(messages);
      case 'reorder':
        return this.bus.publish(messages.toReversed());
      case 'garble':
        return this.bus.publish(messages.map((text) => this.garbled(text)));
      case 'delay': {
        const batch = [...messages];
        await new Promise<void>((resolve) => this.clock.after(fault.ms, resolve));
        return this.bus.publish(batch);
      }
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    this.held = [];
    await this.bus.close();
  }

  private deliver(text: string): void {
    const fault = this.plan.strike('deliver');
    switch (fault?.kind) {
      case 'drop':
        return;
      case 'duplicate':
        this.queue(text);
        this.queue(text);
        return;
      case 'reorder':
        this.held.push(text);
        return;
      case 'garble':
        this.queue(this.garbled(text));
        return;
      case 'delay':
        this.queue(text, fault.ms);
        return;
      default:
        this.queue(text);
    }
    this.flush();
  }

  /** Hands a message on, behind those that are delayed. */
  private queue(text: string, delayMs = 0): void {
    if (delayMs === 0 && this.delayed === 0) {
      this.pass(text);
      return;
    }
    this.delayed++;
    this.deliversAtMs = Math.max(this.deliversAtMs, this.clock.now() + delayMs);
    this.clock.after(this.deliversAtMs - this.clock.now(), () => {
      this.delayed--;
      this.pass(text);
    });
  }

  private pass(text: string): void {
    if (this.closed) return;
    if (this.missed === undefined) this.listener?.message(text);
    else this.missed.push(text);
  }

  private garbled(text: string): string {
    const at = Math.floor(this.random() * text.length);
    const choices = [
      text.slice(0, at),
      `${text.slice(0, at)}\ufffd${text.slice(at + 1)}`,
      `${text}${text}`,
      '',
      'null',
      '[]',
      '{"__proto__":{"polluted":true}}',
      String(this.random()),
    ];
    return choices[Math.floor(this.random() * choices.length)] as string;
  }
}

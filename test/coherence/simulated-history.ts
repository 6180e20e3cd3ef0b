import type { Random } from '../../lib/core/index.js';
import type { Change, History, Impairment, Read, Seen } from './history.js';

/** What a simulated run knows beside its history. */
export interface Simulation {
  readonly history: History;
  readonly bounds: {
    readonly connectedMs: number;
    readonly cutOffMs: number;
    readonly settlingMs: number;
    readonly recoveryMs: number;
  };
}

const BOUNDS = { connectedMs: 250, cutOffMs: 4_350, settlingMs: 3_000, recoveryMs: 8_000 };
const NODES = ['a', 'b', 'c'];
const KEYS = ['x', 'y', 'z'];

/** One tier, and nodes with memory that hear of each change after a while: correct by construction. */
class World {
  readonly reads: Read[] = [];
  readonly changes: Change[] = [];
  readonly impairments: Impairment[] = [];
  private nowMs = 0;
  private readonly versions = new Map(KEYS.map((key) => [key, 0]));
  private readonly tier = new Map<string, Seen>();
  private readonly memories = new Map(NODES.map((node) => [node, new Map<string, Seen>()]));
  private messages: { readonly node: string; readonly key: string; readonly dueMs: number }[] = [];
  private readonly cutUntil = new Map<string, number>();
  private made = 0;

  constructor(private readonly random: Random) {}

  play(steps: number): void {
    for (let step = 0; step < steps; step++) {
      this.nowMs += this.random() * 60;
      this.deliver();
      const node = this.pick(NODES);
      const chance = this.random();
      if (chance < 0.02) this.cut(node);
      else if (chance < 0.25) this.change(node);
      else this.read(node, this.pick(KEYS));
    }
  }

  private read(node: string, key: string): void {
    const memory = this.memoryOf(node);
    let seen = memory.get(key) ?? this.tier.get(key);
    if (seen === undefined) {
      seen = { version: this.versions.get(key) as number, by: this.nextId() };
      this.tier.set(key, seen);
    }
    memory.set(key, seen);
    this.reads.push({ kind: 'read', node, cache: 'c', key, startedAt: this.nowMs, endedAt: (this.nowMs += 1), seen });
  }

  private change(node: string): void {
    const kind = this.pick(['put', 'invalidate', 'group', 'clear'] as const);
    const keys = kind === 'clear' ? KEYS : kind === 'group' ? KEYS.slice(1) : [this.pick(KEYS)];
    const id = this.nextId();
    const floors = keys.map((key) => [key, (this.versions.get(key) as number) + 1] as const);
    const startedAt = this.nowMs;
    for (const [key, version] of floors) {
      this.versions.set(key, version);
      const seen = { version, by: id };
      for (const place of [this.tier, this.memoryOf(node)]) {
        if (kind === 'put') place.set(key, seen);
        else place.delete(key);
      }
      for (const other of NODES) {
        if (other === node) continue;
        const delayMs = this.isCut(other) || this.isCut(node) ? 3_500 : 100;
        this.messages.push({ node: other, key, dueMs: this.nowMs + this.random() * delayMs });
      }
    }
    this.nowMs += 2;
    this.changes.push({ kind, id, node, cache: 'c', floors, startedAt, endedAt: this.nowMs, isInTier: true });
  }

  private cut(node: string): void {
    const to = this.nowMs + this.random() * 2_000;
    this.cutUntil.set(node, to);
    this.impairments.push({ node, from: this.nowMs, to });
  }

  private isCut(node: string): boolean {
    return (this.cutUntil.get(node) ?? -Infinity) > this.nowMs;
  }

  private deliver(): void {
    for (const { node, key, dueMs } of this.messages) if (dueMs <= this.nowMs) this.memoryOf(node).delete(key);
    this.messages = this.messages.filter(({ dueMs }) => dueMs > this.nowMs);
  }

  private memoryOf(node: string): Map<string, Seen> {
    return this.memories.get(node) as Map<string, Seen>;
  }

  private nextId(): string {
    return `#${++this.made}`;
  }

  private pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)] as T;
  }
}

/** A history in which nothing is wrong. */
export function simulate(random: Random, steps: number): Simulation {
  const world = new World(random);
  world.play(steps);
  const { reads, changes, impairments } = world;
  return { history: { reads, changes, impairments }, bounds: BOUNDS };
}

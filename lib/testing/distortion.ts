import type { Random } from '../core/index.js';
import type { TierEntry, TierFences, TierRead } from '../tiers/index.js';

/** How bytes come back wrong: a bit is another, the end is missing, there is more, or they are something else. */
export type Corruption = 'flipped' | 'truncated' | 'extended' | 'replaced';

/** How answers are untrue: too short, too long, of other keys, or of no type that the contract knows. */
export type Lie = 'short' | 'long' | 'swapped' | 'nonsense';

const CORRUPTIONS: readonly Corruption[] = ['flipped', 'truncated', 'extended', 'replaced'];
const LIES: readonly Lie[] = ['short', 'long', 'swapped', 'nonsense'];
const NONSENSE: readonly unknown[] = [null, undefined, 0, NaN, '', 'garbage', [], {}, true, -1, [null], new Date(0)];
/** How many entries are remembered to be handed out for other keys. */
const REMEMBERED = 16;

/** Makes answers of a tier wrong. */
export class Distortion {
  /** Entries that were read, whosever they are. */
  private readonly remembered: TierEntry[] = [];

  constructor(private readonly random: Random) {}

  remember({ entries }: TierRead): void {
    for (const entry of entries) if (entry !== undefined) this.remembered.unshift(entry);
    this.remembered.length = Math.min(this.remembered.length, REMEMBERED);
  }

  /** Every entry that was read, with other bytes. */
  corrupted({ entries, generations }: TierRead, how?: Corruption): TierRead {
    const corrupt = (entry: TierEntry | undefined): TierEntry | undefined =>
      entry && { ...entry, bytes: this.otherBytes(entry.bytes, how ?? this.oneOf(CORRUPTIONS)) };
    return { entries: entries.map(corrupt), generations };
  }

  untrueRead(read: TierRead, how: Lie = this.oneOf(LIES)): TierRead {
    switch (how) {
      case 'nonsense':
        return this.chance(0.3)
          ? (this.nonsense() as TierRead)
          : {
              entries: read.entries.map(() => this.untrueEntry()),
              generations: this.untrueList(read.generations, how),
            };
      case 'swapped':
        // As a client does that has lost count of its replies: what somebody else asked for.
        return {
          entries: read.entries.map((entry) => this.remembered.find((other) => other !== entry) ?? entry),
          generations: this.untrueList(read.generations, how),
        };
      default:
        return {
          entries: this.untrueList(read.entries, how),
          generations: this.untrueList(read.generations, how),
        };
    }
  }

  untrueFences(answer: TierFences, how: Lie = this.oneOf(LIES)): TierFences {
    if (how === 'nonsense' && this.chance(0.3)) return this.nonsense() as TierFences;
    return { fences: this.untrueList(answer.fences, how), generations: this.untrueList(answer.generations, how) };
  }

  untrueList<E>(list: readonly E[], how: Lie = this.oneOf(LIES)): readonly E[] {
    switch (how) {
      case 'short':
        return list.slice(0, -1);
      case 'long':
        return [...list, ...list.slice(0, 1), this.nonsense() as E];
      case 'swapped':
        return [...list.slice(1), ...list.slice(0, 1)];
      case 'nonsense':
        return list.map(() => this.nonsense() as E);
    }
  }

  /** A value that no answer has. Lies are of no type, hence the casts around here. */
  nonsense(): unknown {
    return this.oneOf(NONSENSE);
  }

  private untrueEntry(): TierEntry {
    const bytes = this.chance(0.5) ? new Uint8Array(3) : this.nonsense();
    return { bytes, ttlLeftMs: this.oneOf([NaN, -1, -Infinity, 1e300, '5' as unknown]) } as TierEntry;
  }

  private otherBytes(bytes: Uint8Array, how: Corruption): Uint8Array {
    const at = Math.floor(this.random() * bytes.length);
    switch (how) {
      case 'flipped': {
        const copy = bytes.slice();
        copy[at] = (copy[at] ?? 0) ^ (1 << Math.floor(this.random() * 8));
        return copy;
      }
      case 'truncated':
        return bytes.slice(0, at);
      case 'extended':
        return Uint8Array.from([...bytes, ...this.randomBytes(1 + at)]);
      case 'replaced':
        return this.randomBytes(bytes.length);
    }
  }

  private randomBytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => Math.floor(this.random() * 256));
  }

  private chance(probability: number): boolean {
    return this.random() < probability;
  }

  private oneOf<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.random() * choices.length)] as T;
  }
}

/** Something that a tier could not be told. */
export type Operation =
  | { readonly kind: 'remove'; readonly space: string; readonly key: string }
  | { readonly kind: 'renew'; readonly space: string; readonly generation: string }
  | {
      readonly kind: 'put';
      readonly space: string;
      readonly key: string;
      /** A renewal of one of these, added later, outdates the value. @defaultValue none */
      readonly groups?: readonly string[];
      /** Tries again; `true` when nothing is left to do, also because the value is not wanted any more. */
      readonly replay: () => Promise<boolean>;
    };

type KeyOperation = Exclude<Operation, { readonly kind: 'renew' }>;
export type Put = Extract<Operation, { readonly kind: 'put' }>;

/** The generation that every entry of a space has. */
export const EVERYTHING = '';
const MAX_FAILURES_OF_PUT = 3;

class SpaceOperations {
  readonly renewals = new Map<string, Operation>();
  readonly removals = new Map<string, Operation>();
  readonly puts = new Map<string, Put>();

  get size(): number {
    return this.renewals.size + this.removals.size + this.puts.size;
  }
}

/* The operations that wait, by space; at most `maxOperations`, or one for each space where there are more spaces than that.
 *
 * Invariants: a key has at most one operation, its newest. An operation that is being tried stays until it is `done`, and
 * one that took its place meanwhile is another: it stays then, too.
 */
export class PendingOperations {
  private readonly spaces = new Map<string, SpaceOperations>();
  private readonly failuresOfPuts = new WeakMap<Operation, number>();
  private count = 0;

  constructor(private readonly maxOperations: number) {}

  get size(): number {
    return this.count;
  }

  sizeOf(space: string): number {
    return this.spaces.get(space)?.size ?? 0;
  }

  hasKey(space: string, key: string): boolean {
    const operations = this.spaces.get(space);
    if (operations === undefined) return false;
    return operations.removals.has(key) || operations.puts.has(key) || operations.renewals.has(EVERYTHING);
  }

  hasGeneration(space: string, generation: string): boolean {
    const renewals = this.spaces.get(space)?.renewals;
    return renewals !== undefined && (renewals.has(generation) || renewals.has(EVERYTHING));
  }

  /** Whether it waits, or is being tried, and nothing newer has taken its place. */
  holdsPut(put: Put): boolean {
    return this.spaces.get(put.space)?.puts.get(put.key) === put;
  }

  add(operation: Operation): void {
    this.place(operation);
    if (this.count > this.maxOperations) this.collapseLargest();
  }

  /** Puts become removals: what they were to write is outdated, and what they were to replace must go all the same. */
  outdatePuts(space: string, isOutdated: (key: string, groups: readonly string[]) => boolean): void {
    for (const { key, groups = [] } of [...(this.spaces.get(space)?.puts.values() ?? [])]) {
      if (isOutdated(key, groups)) this.place({ kind: 'remove', space, key });
    }
  }

  /** What is to be tried next: of one kind and one space; a put is alone. Empty when nothing waits. */
  next(max: number): readonly Operation[] {
    return (
      this.first(max, ({ renewals }) => renewals) ??
      this.first(max, ({ removals }) => removals) ??
      this.first(1, ({ puts }) => puts) ??
      []
    );
  }

  /** It reached the tier: forgets it, unless a newer one has its place. */
  done(operation: Operation): void {
    const operations = this.spaces.get(operation.space);
    if (operations === undefined) return;
    if (operation.kind === 'renew') this.forget(operations.renewals, operation.generation, operation);
    else this.forget(operation.kind === 'put' ? operations.puts : operations.removals, operation.key, operation);
    if (operations.size === 0) this.spaces.delete(operation.space);
  }

  /** It did not reach the tier, again. */
  failed(operation: Operation): void {
    if (operation.kind !== 'put' || !this.holdsPut(operation)) return;
    const failures = (this.failuresOfPuts.get(operation) ?? 0) + 1;
    this.failuresOfPuts.set(operation, failures);
    if (failures < MAX_FAILURES_OF_PUT) return;
    this.place({ kind: 'remove', space: operation.space, key: operation.key });
  }

  private place(operation: Operation): void {
    const operations = this.of(operation.space);
    this.count -= operations.size;
    if (operation.kind === 'renew') placeRenewal(operations, operation.generation, operation);
    else placeKey(operations, operation);
    this.count += operations.size;
  }

  private of(space: string): SpaceOperations {
    let operations = this.spaces.get(space);
    if (operations === undefined) this.spaces.set(space, (operations = new SpaceOperations()));
    return operations;
  }

  private first(
    max: number,
    kind: (operations: SpaceOperations) => ReadonlyMap<string, Operation>,
  ): readonly Operation[] | undefined {
    for (const operations of this.spaces.values()) {
      const waiting = kind(operations);
      if (waiting.size === 0) continue;
      const batch: Operation[] = [];
      for (const operation of waiting.values()) if (batch.push(operation) === max) break;
      return batch;
    }
    return undefined;
  }

  private forget(waiting: Map<string, Operation> | Map<string, Put>, name: string, operation: Operation): void {
    if (waiting.get(name) !== operation) return;
    waiting.delete(name);
    this.count--;
  }

  private collapseLargest(): void {
    let largest: readonly [space: string, size: number] = ['', 0];
    for (const [space, { size }] of this.spaces) if (size > largest[1]) largest = [space, size];
    this.place({ kind: 'renew', space: largest[0], generation: EVERYTHING });
  }
}

/**
 * A renewal of everything outdates whatever waits in its space: each entry that any of it is about becomes unusable. That of
 * a group outdates the puts of entries that have it; what they were to replace must go all the same.
 */
function placeRenewal(operations: SpaceOperations, generation: string, operation: Operation): void {
  if (generation === EVERYTHING) {
    operations.removals.clear();
    operations.puts.clear();
    operations.renewals.clear();
  } else {
    for (const put of [...operations.puts.values()]) {
      if (put.groups?.includes(generation)) placeKey(operations, { kind: 'remove', space: put.space, key: put.key });
    }
  }
  operations.renewals.set(generation, operation);
}

function placeKey(operations: SpaceOperations, operation: KeyOperation): void {
  operations.removals.delete(operation.key);
  operations.puts.delete(operation.key);
  if (operation.kind === 'put') operations.puts.set(operation.key, operation);
  else operations.removals.set(operation.key, operation);
}

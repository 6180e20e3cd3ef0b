import { asyncContext } from '../../cache/index.js';
import type { StoreStep } from '../steps/store-step.js';

/** One value of a source, and the way to the next: pulled once, by whoever asks first. */
class Cell {
  private following: Promise<Cell | undefined> | undefined = undefined;

  constructor(
    readonly value: unknown,
    private readonly pull: () => Promise<Cell | undefined>,
  ) {}

  next(): Promise<Cell | undefined> {
    return (this.following ??= this.pull());
  }
}

/**
 * One run of an asynchronous source, read by many at their own pace, and what is going to be stored of it.
 *
 * The values form a linked list. The tape holds its beginning only while it can be joined; a reader holds the cell it
 * stands on. So what all readers have passed is garbage, and a source without end costs no memory.
 *
 * The source runs in the course of the load that made the tape, whoever pulls.
 */
export class Tape {
  /** The value to store: settles when the source ends or fails, has given too much, or was left by all readers. */
  readonly packed: Promise<unknown>;
  private readonly source: AsyncIterator<unknown>;
  private readonly inLoad = asyncContext();
  private readonly collected: unknown[] = [];
  private beginning: Cell | undefined;
  private readers = 0;
  /** Those who read for the load alone. */
  private drains = 0;
  private abandonment: { readonly reason: unknown } | undefined = undefined;
  private sourceEnded = false;
  private load: Promise<unknown> | undefined = undefined;
  private resolve: (packed: unknown) => void = () => {};
  private reject: (error: unknown) => void = () => {};

  constructor(
    source: AsyncIterable<unknown>,
    private readonly step: StoreStep,
    /** Called when nobody can join any more. */
    private readonly onRecorded: () => void,
    /** Tells when the load is given up. */
    signal: AbortSignal | undefined,
  ) {
    this.source = source[Symbol.asyncIterator]();
    this.beginning = new Cell(undefined, () => this.pull());
    this.packed = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    signal?.addEventListener('abort', () => this.abandon(signal.reason), { once: true });
  }

  /** Names the load that this tape feeds. */
  feed(load: Promise<unknown>): void {
    this.load = load;
    // A reader learns of a failure from the source; the load's own rejection is for those who wait for it.
    load.catch(() => {});
    if (this.step.form.limit === 1) this.readAlone();
  }

  /** Reads as far as can be stored, whoever else reads: others may wait for it, or nobody does. */
  readAlone(): void {
    void this.drain();
  }

  feeds(load: Promise<unknown>): boolean {
    return this.load === load;
  }

  /** All values, from the first; ends when the load of them has, so that what is stored can be found then. */
  async *read(): AsyncGenerator<unknown> {
    let cell = this.beginning;
    this.readers++;
    try {
      const first = await this.first(cell);
      if (first !== undefined && 'packed' in first) {
        yield* this.step.form.unpack(first.packed);
        return;
      }
      for (cell = first; cell !== undefined; cell = await cell.next()) yield cell.value;
      await this.load?.catch(() => {});
    } finally {
      this.readers--;
      this.closeUnlessRead();
    }
  }

  /** The first value, or the outcome of the load if that comes before it: a stale value, or a limit that has passed. */
  private async first(beginning: Cell | undefined): Promise<Cell | undefined | { readonly packed: unknown }> {
    const { load } = this;
    if (load === undefined) return beginning?.next();
    const loaded = load.then((packed) => ({ packed }));
    loaded.catch(() => {});
    const cell = beginning?.next();
    const outcome = await Promise.race([cell?.then(undefined, () => loaded), loaded]);
    // The load goes on, though this reader does not.
    if (outcome !== undefined && 'packed' in outcome) this.readAlone();
    return outcome;
  }

  private async pull(): Promise<Cell | undefined> {
    try {
      const { done, value } = await this.inLoad(() => this.source.next());
      if (done === true) {
        this.sourceEnded = true;
        this.end(() => this.resolve(this.step.form.pack(this.collected)));
        return undefined;
      }
      if (this.collected.length < this.step.form.limit) this.collected.push(value);
      else this.end(() => this.reject(this.step.form.overflow(this.step.parts.label)));
      return new Cell(value, () => this.pull());
    } catch (error) {
      this.sourceEnded = true;
      this.end(() => this.reject(error));
      throw error;
    }
  }

  private async drain(): Promise<void> {
    let cell = this.beginning;
    this.drains++;
    try {
      while (cell !== undefined && this.beginning !== undefined && this.abandonment === undefined)
        cell = await cell.next();
    } catch {
      // The readers get it.
    } finally {
      this.drains--;
      this.closeUnlessRead();
    }
  }

  /** The load is given up: nobody joins any more, and nobody reads for it. */
  private abandon(reason: unknown): void {
    this.abandonment = { reason };
    this.onRecorded();
    this.closeUnlessRead();
  }

  /** Stores nothing, unless the source has ended, and closes it, when nobody reads on. */
  private closeUnlessRead(): void {
    const { abandonment } = this;
    if (this.readers > 0 || (this.drains > 0 && abandonment === undefined)) return;
    this.end(() => (abandonment === undefined ? this.resolve(undefined) : this.reject(abandonment.reason)));
    this.closeSource();
  }

  /** Closes the source unless it has ended by itself. How it closes is no reader's business. */
  private closeSource(): void {
    if (this.sourceEnded) return;
    this.sourceEnded = true;
    try {
      Promise.resolve(this.inLoad(() => this.source.return?.())).catch(() => {});
    } catch {
      // It would not close.
    }
  }

  private end(settle: () => void): void {
    if (this.beginning === undefined) return;
    this.beginning = undefined;
    this.onRecorded();
    settle();
  }
}
